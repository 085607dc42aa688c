"""Use against throughput, U = a + D.X (the utilisation law): the load at which a limit of use is reached, with a range.

Denning and Buzen 1978. Fitting latency alone misleads; use is linear in throughput while the mix stays the same.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_POINTS = 30
LEAST_SPREAD = 1.5
LEAST_R2 = 0.5
FAR = 2.0
RESAMPLES = 400
BLOCK = 12
"""Resampling keeps runs of twelve neighbours together: five-minute values of one hour resemble each other."""


class Demand(NamedTuple):
    """U = idle + demand.X; `break_load` is X at the limit of use, with its 95 % range; `reach` is how many times the
    greatest observed load that is; `guess` says that it lies beyond twice of it."""

    idle: float
    demand: float
    demand_low: float
    demand_high: float
    r2: float
    points: int
    observed_max: float
    break_load: float
    break_low: float
    break_high: float
    reach: float
    guess: bool


class NoDemand(NamedTuple):
    """Why no break load is told, and what would be enough."""

    code: Literal["too_few", "narrow", "not_linear", "drift"]
    says: str
    enough: str


def fit_demand(load: Floats, use: Floats, limit: float, *, seed: int = 0) -> Demand | NoDemand:
    """Fit use (in the unit of `limit`) on load (per second) over intervals in time order."""
    there = np.isfinite(load) & np.isfinite(use)
    load, use = load[there], use[there]
    if len(load) < LEAST_POINTS:
        return NoDemand(
            "too_few", f"{len(load)} intervals with load and use", f"{LEAST_POINTS} intervals of 1 to 5 min"
        )
    low, high = np.quantile(load, [0.05, 0.95])
    if high <= 0 or (low > 0 and high / low < LEAST_SPREAD):
        return NoDemand(
            "narrow",
            f"the load varied between {low:.3g} and {high:.3g}/s only",
            f"intervals whose load differs by a factor of {LEAST_SPREAD}",
        )
    idle, demand = _line(load, use)
    residual = use - idle - demand * load
    r2 = _r2(load, use)
    third = len(residual) // 3
    if r2 < LEAST_R2 or demand <= 0:
        if _r2(load[-third:], use[-third:]) >= LEAST_R2 and _r2(load[:third], use[:third]) >= LEAST_R2:
            return NoDemand(
                "drift",
                f"use follows load at both ends of the window but not over all of it (R2 = {r2:.2f})",
                "the time after the last change only",
            )
        return NoDemand(
            "not_linear",
            f"use follows load with R2 = {r2:.2f} only",
            "the use of the resource that serves these requests, or the load that uses it",
        )
    shift = float(np.median(residual[-third:]) - np.median(residual[:third]))
    if abs(shift) > 1.5 * float(np.median(np.abs(residual))) and abs(shift) > 0.05 * limit:
        return NoDemand(
            "drift",
            f"the same load uses {shift:+.3g} more now than at the start of the window: a release changed the demand",
            "the time after the change only",
        )
    generator = np.random.default_rng(seed)
    blocks = max(len(load) // BLOCK, 1)
    starts = generator.integers(0, max(len(load) - BLOCK, 1), size=(RESAMPLES, blocks))
    fits: list[tuple[float, float]] = []
    for row in starts:
        chosen = (row[:, None] + np.arange(min(BLOCK, len(load)))).ravel()
        fits.append(_line(load[chosen], use[chosen]))
    slopes = np.array([slope for _, slope in fits])
    breaks = np.array([(limit - start) / slope if slope > 0 else np.inf for start, slope in fits])
    break_load = (limit - idle) / demand
    observed = float(load.max())
    return Demand(
        idle,
        demand,
        float(np.quantile(slopes, 0.025)),
        float(np.quantile(slopes, 0.975)),
        r2,
        len(load),
        observed,
        break_load,
        float(np.quantile(breaks, 0.025)),
        float(np.quantile(breaks, 0.975)),
        break_load / observed,
        break_load > FAR * observed,
    )


def _r2(load: Floats, use: Floats) -> float:
    idle, demand = _line(load, use)
    total = float(((use - use.mean()) ** 2).sum())
    return 1 - float(((use - idle - demand * load) ** 2).sum()) / total if total > 0 else 0.0


def _line(load: Floats, use: Floats) -> tuple[float, float]:
    centre = load - load.mean()
    power = float((centre * centre).sum())
    if power == 0:
        return float(use.mean()), 0.0
    slope = float((centre * (use - use.mean())).sum()) / power
    return float(use.mean() - slope * load.mean()), slope
