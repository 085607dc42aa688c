"""Universal Scalability Law, X(N) = lN / (1 + s(N-1) + kN(N-1)) (Gunther 1993): where more concurrency stops helping.

Concurrency comes from Little's law, N = X.R, minute by minute.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_POINTS = 20
LEAST_FACTOR = 3.0
NEAR_BEND = 0.5
RESAMPLES = 300


class Scalability(NamedTuple):
    """Peak throughput per second at `peak_concurrency`, with 95 % ranges, and how far concurrency was observed."""

    rate_of_one: float
    contention: float
    coherency: float
    peak_concurrency: float
    peak_rate: float
    peak_rate_low: float
    peak_rate_high: float
    observed_concurrency: float


class LinearBound(NamedTuple):
    """Only this is known: throughput cannot exceed concurrency times the rate of one; no bend was seen."""

    code: Literal["too_few", "narrow", "no_bend"]
    rate_of_one: float | None
    says: str
    enough: str


def concurrency(rate: Floats, latency_s: Floats) -> Floats:
    """Little's law: requests in flight."""
    return rate * latency_s


def fit_scalability(in_flight: Floats, rate: Floats, *, seed: int = 0) -> Scalability | LinearBound:
    """Fit the law on concurrency and throughput (per second) of the same intervals."""
    there = np.isfinite(in_flight) & np.isfinite(rate) & (in_flight > 0) & (rate > 0)
    in_flight, rate = in_flight[there], rate[there]
    if len(rate) < LEAST_POINTS:
        return LinearBound("too_few", None, f"{len(rate)} intervals with concurrency and rate", f"{LEAST_POINTS}")
    low, high = np.quantile(in_flight, [0.05, 0.95])
    one = float(np.median((rate / in_flight)[in_flight <= np.quantile(in_flight, 0.2)]))
    if high / low < LEAST_FACTOR:
        says = f"concurrency varied between {low:.3g} and {high:.3g} only"
        return LinearBound("narrow", one, says, f"intervals whose concurrency differs by a factor of {LEAST_FACTOR:g}")
    fitted = _fit(in_flight, rate)
    if fitted is None or _bend(*fitted) * NEAR_BEND > in_flight.max():
        says = f"no bend up to a concurrency of {in_flight.max():.3g}"
        return LinearBound("no_bend", one, says, "a load test, or a busier day, that comes near the bend")
    generator = np.random.default_rng(seed)
    peaks: list[float] = []
    for _ in range(RESAMPLES):
        chosen = generator.integers(0, len(rate), size=len(rate))
        again = _fit(in_flight[chosen], rate[chosen])
        if again is not None and np.isfinite(_bend(*again)):
            peaks.append(rate_at(_bend(*again), *again))
    bend = _bend(*fitted)
    return Scalability(
        *fitted,
        bend,
        rate_at(bend, *fitted),
        float(np.quantile(peaks, 0.025)),
        float(np.quantile(peaks, 0.975)),
        float(in_flight.max()),
    )


def rate_at(in_flight: float, rate_of_one: float, contention: float, coherency: float) -> float:
    """Throughput at a concurrency."""
    more = in_flight - 1
    return rate_of_one * in_flight / (1 + contention * more + coherency * in_flight * more)


def _fit(in_flight: Floats, rate: Floats) -> tuple[float, float, float] | None:
    """Weighted least squares on N/X, which is linear in 1/l, s/l, k/l; None when the result has no meaning."""
    weight = rate / in_flight
    columns = np.column_stack([np.ones_like(in_flight), in_flight - 1, in_flight * (in_flight - 1)])
    with_bend = np.linalg.lstsq(columns * weight[:, None], in_flight / rate * weight, rcond=None)[0]
    if with_bend[0] <= 0 or with_bend[2] <= 0:
        return None
    if with_bend[1] < 0:
        pair = columns[:, [0, 2]]
        found = np.linalg.lstsq(pair * weight[:, None], in_flight / rate * weight, rcond=None)[0]
        start, curve = float(found[0]), float(found[1])
        return (1 / start, 0.0, curve / start) if start > 0 and curve > 0 else None
    return float(1 / with_bend[0]), float(with_bend[1] / with_bend[0]), float(with_bend[2] / with_bend[0])


def _bend(_rate_of_one: float, contention: float, coherency: float) -> float:
    return float(np.sqrt((1 - contention) / coherency)) if contention < 1 else 1.0
