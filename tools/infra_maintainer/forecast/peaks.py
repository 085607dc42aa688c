"""The peak of each coming week, forecast from past weekly peaks and not from the interval of a mean."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOURS = 24
WEEK = 7
LEAST_WEEKS = 4
"""Of three weeks only one could be checked against the two before it, and one error makes no interval."""
SMALL_SAMPLE_80 = 0.5
SMALL_SAMPLE_95 = 3.0
"""Chosen, like the method's constants, on data before any held-out quarter."""


class WeeklyPeaks(NamedTuple):
    """One value per whole coming week."""

    point: Floats
    low80: Floats
    high80: Floats
    low95: Floats
    high95: Floats
    origins: int


def weekly_peaks(hourly_peak: Floats, weeks: int, slope_per_day: float, upper: float | None) -> WeeklyPeaks | None:
    """Peaks of the next `weeks` weeks; None when fewer than four whole weeks are known.

    `slope_per_day` is the projected trend, zero when there is none; `upper` the physical bound.
    """
    count = len(hourly_peak) // HOURS
    if count < LEAST_WEEKS * WEEK or weeks < 1:
        return None
    daily = hourly_peak[len(hourly_peak) - count * HOURS :].reshape(count, HOURS)
    there = np.isfinite(daily).any(axis=1)
    day_peak = np.where(there, np.nanmax(np.where(np.isfinite(daily), daily, -np.inf), axis=1), np.nan)
    day_peak = np.interp(np.arange(count), np.flatnonzero(there), day_peak[there])
    week_peak = np.lib.stride_tricks.sliding_window_view(day_peak, WEEK).max(axis=1)
    origins = np.arange(2 * WEEK, count - WEEK + 1)
    growth = slope_per_day * WEEK * (np.arange(weeks) + 1.0)
    said = np.array([_say(week_peak, int(origin)) for origin in [*origins, count]])[:, :, None] + growth
    truth = np.full((len(origins), weeks), np.nan)
    for row, origin in enumerate(origins):
        ends = week_peak[origin::WEEK][:weeks]
        truth[row, : len(ends)] = ends
    wrong = np.nanmean(np.abs(said[:-1] - truth[:, None]), axis=(0, 2))
    best = int(np.argmin(wrong))
    errors: Floats = np.asarray(truth - said[:-1, best], dtype=np.float64)
    point = said[-1, best]
    narrow = _reach(errors, 0.80, SMALL_SAMPLE_80)
    wide = np.maximum(_reach(errors, 0.95, SMALL_SAMPLE_95), narrow)
    bound = np.inf if upper is None else upper
    return WeeklyPeaks(
        np.minimum(point, bound),
        np.minimum(point - narrow, bound),
        np.minimum(point + narrow, bound),
        np.minimum(point - wide, bound),
        np.minimum(point + wide, bound),
        len(origins),
    )


def _say(week_peak: Floats, origin: int) -> tuple[float, float]:
    """Last week's peak, and the median of the last (up to four) weekly peaks, as known after `origin` days."""
    ends = week_peak[: origin - WEEK + 1][::-1][::WEEK][:4]
    return float(ends[0]), float(np.median(ends))


def _reach(errors: Floats, level: float, small_sample: float) -> Floats:
    """Half the width of the interval, week by week. A peak that was too low last time may be too high next time."""
    reach = np.zeros(errors.shape[1])
    tested = 0
    for week in range(errors.shape[1]):
        sample = np.abs(errors[:, week][np.isfinite(errors[:, week])])
        if len(sample) < 3 and tested:
            reach[week] = reach[tested - 1] * np.sqrt((week + 1) / tested)
            continue
        # origins one day apart share six of seven days: seven of them are worth one independent week
        worth = max(len(sample) / WEEK / np.sqrt(week + 1), 1.0)
        half = float(np.quantile(sample, min(1.0, level * (1 + 1 / worth)))) * (1 + small_sample / worth)
        reach[week] = max(half, reach[week - 1] if week else 0.0)
        tested = week + 1
    return reach
