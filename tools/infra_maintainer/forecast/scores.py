"""How right a forecast was: scaled error, coverage, interval score (Gneiting and Raftery 2007)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def seasonal_scale(history: Floats, season_h: int = 24) -> float:
    """Mean absolute error of "as one day before" within the history: the yardstick of the scaled scores.

    NaN when there is none, as for a constant.
    """
    steps = np.abs(history[season_h:] - history[:-season_h])
    steps = steps[np.isfinite(steps)]
    return float(steps.mean()) if len(steps) and steps.mean() > 0 else float("nan")


def mean_absolute_error(truth: Floats, point: Floats) -> float:
    """Mean absolute error over the hours that have a truth."""
    return float(np.nanmean(np.abs(truth - point)))


def coverage(truth: Floats, low: Floats, high: Floats) -> float:
    """Share of the hours with a truth that lie inside the interval."""
    there = np.isfinite(truth)
    return float(((truth >= low) & (truth <= high))[there].mean())


def interval_score(truth: Floats, low: Floats, high: Floats, level: float) -> float:
    """Width plus 2/(1 - level) of every miss, averaged; smaller is better, in the unit of the series."""
    weight = 2 / (1 - level)
    score = high - low + weight * np.maximum(low - truth, 0) + weight * np.maximum(truth - high, 0)
    return float(np.nanmean(score))
