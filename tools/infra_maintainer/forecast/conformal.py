"""Intervals from the method's own errors: quantiles per day ahead, corrected for how few origins they rest on.

Errors of overlapping origins repeat each other, so the sample counts for less than its size: an origin is worth
`WORTH_PER_ORIGIN` independent errors one day ahead, and less by the square root of the days ahead. Hours of the day
have their own spread. Widths never shrink with the horizon and grow beyond what could be back-tested.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WORTH_PER_ORIGIN = 6.0
SMALL_SAMPLE = 2.0
HOURLY_SHRINKAGE = 7.0
LEAST_ORIGINS = 3
EXTREMES_BELONG_TO_95 = 0.95
"""However few the origins, an 80 % interval ends at the 95 % quantiles: else both intervals would be the extremes."""


class Bands(NamedTuple):
    """Hour by hour distance from the point forecast: `below` is zero or negative, `above` zero or positive."""

    below: Floats
    above: Floats


def bands(errors: Floats, horizon_h: int, level: float, *, growing: bool) -> Bands:
    """Interval of the given level (0.8, 0.95) around a forecast with these back-test errors (origins, days, 24)."""
    spread = hourly_spread(errors)
    scaled = errors / spread
    finite = scaled[np.isfinite(scaled)]
    below, above = np.zeros(errors.shape[1]), np.zeros(errors.shape[1])
    low, high = 2 * min(float(finite.min()), 0.0), 2 * max(float(finite.max()), 0.0)
    tested = tested_low = tested_high = 0.0
    for day in range(errors.shape[1]):
        origins = int(np.isfinite(scaled[:, day]).any(axis=1).sum())
        if origins < LEAST_ORIGINS:
            grown = _growth(day + 1, tested, growing)
            below[day], above[day] = low * grown, high * grown
            continue
        worth = origins * WORTH_PER_ORIGIN / np.sqrt(day + 1)
        sample = scaled[:, day][np.isfinite(scaled[:, day])]
        reach = min(EXTREMES_BELONG_TO_95 if level < 0.95 else 1.0, (0.5 + level / 2) * (1 + 1 / worth))
        wider = 1 + SMALL_SAMPLE / worth
        tested_low = low = min(float(np.quantile(sample, 1 - reach)) * wider, tested_low)
        tested_high = high = max(float(np.quantile(sample, reach)) * wider, tested_high)
        below[day], above[day], tested = low, high, day + 1
    return Bands(
        np.minimum(below[:, None] * spread, 0.0).ravel()[:horizon_h],
        np.maximum(above[:, None] * spread, 0.0).ravel()[:horizon_h],
    )


def hourly_spread(errors: Floats) -> Floats:
    """Mean absolute error by hour of day, drawn towards their common mean when origins are few."""
    with np.errstate(invalid="ignore"):
        total = np.nansum(np.abs(errors), axis=(0, 1))
    count = np.isfinite(errors).sum(axis=(0, 1))
    common = float(total.sum() / max(count.sum(), 1))
    if common == 0:
        return np.ones(errors.shape[2])
    own: Floats = np.where(count > 0, total / np.maximum(count, 1), common)
    origins = len(errors)
    return (own * origins + common * HOURLY_SHRINKAGE) / (origins + HOURLY_SHRINKAGE)


def _growth(day: int, tested: float, growing: bool) -> float:
    """A wrong level spreads like a random walk; a wrong slope in proportion to time."""
    if tested == 0:
        return 1.0
    return float(day / tested) if growing else float(np.sqrt(day / tested))
