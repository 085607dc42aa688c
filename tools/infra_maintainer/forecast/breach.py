"""When a limit is reached: a range from simulated paths, or "not within the horizon"."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from infra_maintainer.forecast.conformal import SMALL_SAMPLE, WORTH_PER_ORIGIN
from infra_maintainer.forecast.method import Forecast

Floats = NDArray[np.float64]

PATHS = 400
HOURS = 24


class Breach(NamedTuple):
    """Hours after the end of the history at which the limit is first reached; None means after the horizon.

    `share` is the share of paths that reach it within the horizon.
    """

    early95: int | None
    early80: int | None
    middle: int | None
    late80: int | None
    late95: int | None
    share: float


def find_breach(forecast: Forecast, limit: float, *, seed: int = 0) -> Breach:
    """First hour at or above `limit` over paths made of the forecast and its own back-test errors."""
    paths = simulate(forecast, seed=seed)
    above = paths >= limit
    crossing = np.where(above.any(axis=1), above.argmax(axis=1), len(forecast.point))
    crossing = np.sort(crossing)
    horizon = len(forecast.point)

    def at(quantile: float) -> int | None:
        hour = int(crossing[min(int(quantile * PATHS), PATHS - 1)])
        return None if hour >= horizon else hour

    return Breach(at(0.025), at(0.10), at(0.50), at(0.90), at(0.975), float(above.any(axis=1).mean()))


def _bridged(errors: Floats) -> Floats:
    """Hours without a truth take the mean error of their day; a day without any stays missing."""
    known = np.isfinite(errors)
    count = known.sum(axis=2)
    mean = np.where(known, errors, 0.0).sum(axis=2) / np.maximum(count, 1)
    mean[count == 0] = np.nan
    return np.where(known, errors, mean[:, :, None])


def simulate(forecast: Forecast, *, seed: int = 0) -> Floats:
    """Paths (400, horizon): a level error that lasts along the path and a day's pattern drawn anew each day."""
    generator = np.random.default_rng(seed)
    horizon = len(forecast.point)
    blocks = -(-horizon // HOURS)
    errors = _bridged(forecast.errors)
    errors = errors[np.isfinite(errors[:, 0]).all(axis=1)]
    ranks = generator.permutation((np.arange(PATHS) + 0.5) / PATHS)
    level = np.empty((PATHS, blocks))
    tested, last = 0, np.zeros(PATHS)
    for day in range(blocks):
        whole = errors[:, day][np.isfinite(errors[:, day]).all(axis=1)]
        if len(whole) >= 3 or tested == 0:
            worth = max(len(whole), 1) * WORTH_PER_ORIGIN / np.sqrt(day + 1)
            means = whole.mean(axis=1) if len(whole) else np.zeros(1)
            last = np.quantile(means, ranks) * (1 + SMALL_SAMPLE / worth)
            level[:, day], tested = last, day + 1
            continue
        grown = (day + 1) / tested if forecast.trend.significant else np.sqrt((day + 1) / tested)
        level[:, day] = last * grown
    # overlapping origins know the size of their errors badly: Student's tails, as for a quarter of as many
    freedom = max(2.0, len(errors) / 4)
    level *= np.sqrt(freedom / generator.chisquare(freedom, PATHS))[:, None]
    patterns = errors[:, 0] - errors[:, 0].mean(axis=1, keepdims=True)
    drawn = patterns[generator.integers(len(patterns), size=(PATHS, blocks))]
    return np.asarray(forecast.point + (level[:, :, None] + drawn).reshape(PATHS, -1)[:, :horizon])
