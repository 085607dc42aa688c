"""The method: the median of the three simple forecasters that did best over rolling origins, with conformal intervals.

Chosen on data before any held-out quarter (bench/forecast.py says how). Another method is any callable of the type
`Method`.
"""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from infra_maintainer.forecast.candidates import HOURS, candidates_for, speak
from infra_maintainer.forecast.conformal import Bands, bands
from infra_maintainer.forecast.trend import LEAST_DAYS, Trend, find_trend, slope_of

Floats = NDArray[np.float64]

NAME = "median of the best three simple seasonal forecasters, conformal intervals"
BEST = 3
MOST_ORIGINS = 40
LEAST_HOURS = 72


class Forecast(NamedTuple):
    """Hourly forecast that starts with the hour after the history; `errors` are the back-test's, origin by origin."""

    point: Floats
    low80: Floats
    high80: Floats
    low95: Floats
    high95: Floats
    trend: Trend
    chosen: tuple[str, ...]
    errors: Floats
    origins: int
    method: str = NAME


class Method(Protocol):
    """What a forecasting method looks like from outside."""

    def __call__(self, history: Floats, horizon_h: int, lower: float | None, upper: float | None) -> Forecast:
        """Forecast `horizon_h` hours after an hourly history (NaN = gap), within physical bounds."""
        ...


class Backtest(NamedTuple):
    """What each candidate said, (origins + now, candidates, blocks, 24), and the truth, (origins, blocks, 24)."""

    names: list[str]
    said: Floats
    truth: Floats


def robust_seasonal(
    history: Floats, horizon_h: int, lower: float | None = None, upper: float | None = None
) -> Forecast:
    """Forecast `horizon_h` hours after an hourly history (NaN = gap).

    `lower` and `upper` are physical bounds of the quantity (0 and 100 for a percentage), not limits of policy.

    Raises ValueError when the history is shorter than three whole days.
    """
    if len(history) < LEAST_HOURS:
        raise ValueError(f"{len(history)} hours of history: three whole days are the least")
    days, known = whole_days(history)
    trend = find_trend(np.median(days, axis=1))
    test = backtest(days, known, -(-horizon_h // HOURS), trending=trend.significant)
    wrong = np.nanmean(np.abs(test.said[:-1] - test.truth[:, None]), axis=(0, 2, 3))
    best = np.argsort(wrong, kind="stable")[:BEST]
    together = np.median(test.said[:, best], axis=1)
    errors = test.truth - together[:-1]
    point = together[-1].ravel()[:horizon_h]
    narrow = bands(errors, horizon_h, 0.80, growing=trend.significant)
    wide = bands(errors, horizon_h, 0.95, growing=trend.significant)
    low80, high80 = _within(point, narrow, lower, upper)
    low95, high95 = _within(point, wide, lower, upper)
    return Forecast(
        point=np.clip(point, lower, upper) if (lower, upper) != (None, None) else point,
        low80=low80,
        high80=high80,
        low95=np.minimum(low95, low80),
        high95=np.maximum(high95, high80),
        trend=trend,
        chosen=tuple(test.names[int(index)] for index in best),
        errors=errors,
        origins=len(errors),
    )


def whole_days(history: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """History as (days, 24) counted back from its end, gaps bridged, and which hours were really there."""
    there = np.isfinite(history)
    bridged = np.interp(np.arange(len(history)), np.flatnonzero(there), history[there])
    count = len(history) // HOURS
    shape = (count, HOURS)
    return bridged[len(history) - count * HOURS :].reshape(shape), there[len(there) - count * HOURS :].reshape(shape)


def backtest(days: Floats, known: NDArray[np.bool_], blocks: int, *, trending: bool) -> Backtest:
    """Every candidate at up to 40 origins and now. With a trend each origin knows only its own slope."""
    count = len(days)
    first = _first_origin(count, trending)
    origins = np.unique(np.linspace(first, count - 1, min(MOST_ORIGINS, count - first)).astype(int))
    names = candidates_for(first)
    said = np.empty((len(origins) + 1, len(names), blocks, HOURS))
    truth = np.full((len(origins), blocks, HOURS), np.nan)
    levels = np.median(days, axis=1)
    ahead = (np.arange(blocks * HOURS) + 1.0).reshape(blocks, HOURS) / HOURS
    for row, origin in enumerate([*origins, count]):
        past, growth = days[:origin], np.zeros((blocks, HOURS))
        if trending:
            slope = slope_of(levels[:origin])
            past = past - slope * (np.arange(-origin * HOURS, 0) + 1.0).reshape(origin, HOURS) / HOURS
            growth = slope * ahead
        for column, name in enumerate(names):
            said[row, column] = speak(name, past, blocks) + growth
        if row < len(origins):
            reach = min(blocks, count - origin)
            there = known[origin : origin + reach]
            truth[row, :reach] = np.where(there, days[origin : origin + reach], np.nan)
    return Backtest(names, said, truth)


def _first_origin(count: int, trending: bool) -> int:
    if trending:
        return min(max(LEAST_DAYS, count // 2), count - 1)
    if count >= 21:
        return 14
    return 7 if count >= 10 else max(1, count // 2)


def _within(point: Floats, band: Bands, lower: float | None, upper: float | None) -> tuple[Floats, Floats]:
    low, high = point + band.below, point + band.above
    if lower is None and upper is None:
        return low, high
    return np.clip(low, lower, upper), np.clip(high, lower, upper)
