"""Whether a level grows, how fast, and what growth cannot be excluded: Mann-Kendall and Theil-Sen on daily medians.

Daily medians remember: the test's variance is widened by the lag-one memory of the residuals, or half of all
random walks would "grow" (Hamed and Rao 1998, the AR(1) form). Slopes are per day.
"""

from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_DAYS = 14
MOST_DAYS = 180
"""Pairs grow with the square of the days, and what grew a year ago says little about next month."""
SIGNIFICANT_Z = 2.576
"""Two-sided 1 %: a plan looks at many series, and a false trend costs a false date."""


class Trend(NamedTuple):
    """Slope per day with its 95 % interval; `significant` says whether it may be projected."""

    slope: float
    low: float
    high: float
    z: float
    significant: bool


NO_TREND = Trend(0.0, float("-inf"), float("inf"), 0.0, False)
"""Too few days to tell: any slope is possible."""


def pair_slopes(levels: Floats) -> Floats:
    """The slopes between all pairs of days."""
    left, right, apart = _pairs(len(levels))
    return np.asarray((levels[right] - levels[left]) / apart)


@lru_cache(maxsize=64)
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    left, right = np.triu_indices(count, 1)
    return left, right, np.asarray(right - left, dtype=np.float64)


def without_weekdays(levels: Floats) -> Floats:
    """Daily levels with the habit of each day of the week taken out (from three weeks on)."""
    if len(levels) < 21:
        return levels
    level = levels - float(np.median(pair_slopes(levels))) * np.arange(len(levels))
    weekday = np.arange(len(levels)) % 7
    habit = np.array([np.median(level[weekday == day]) for day in range(7)])
    return np.asarray(levels - habit[weekday] + np.median(habit))


def slope_of(levels: Floats) -> float:
    """Theil-Sen slope per day of daily levels, weekday habits taken out; no test of significance."""
    return float(np.median(pair_slopes(without_weekdays(levels[-MOST_DAYS:]))))


def find_trend(levels: Floats) -> Trend:
    """The trend of daily levels, one per day, oldest first."""
    levels = levels[-MOST_DAYS:]
    count = len(levels)
    if count < LEAST_DAYS:
        return NO_TREND
    levels = without_weekdays(levels)
    left, right, _ = _pairs(count)
    slopes = np.sort(pair_slopes(levels))
    slope = float(np.median(slopes))
    memory = _memory(levels - slope * np.arange(count))
    deviation = np.sqrt(count * (count - 1) * (2 * count + 5) / 18 * (1 + memory) / (1 - memory))
    score = float(np.sign(levels[right] - levels[left]).sum())
    z = (score - np.sign(score)) / deviation
    # Sen (1968): the interval of the slope is found by rank among the pair slopes
    reach = NormalDist().inv_cdf(0.975) * deviation
    first = int(np.clip((len(slopes) - reach) / 2, 0, len(slopes) - 1))
    last = int(np.clip((len(slopes) + reach) / 2, 0, len(slopes) - 1))
    return Trend(slope, float(slopes[first]), float(slopes[last]), float(z), bool(abs(z) >= SIGNIFICANT_Z))


def _memory(residuals: Floats) -> float:
    residuals = residuals - np.median(residuals)
    power = float((residuals * residuals).sum())
    if power == 0:
        return 0.0
    return float(np.clip((residuals[1:] * residuals[:-1]).sum() / power, 0.0, 0.95))
