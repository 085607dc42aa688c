"""A change of level that is no growth: a release, a resized machine, a new limit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from infra_maintainer.forecast.trend import slope_of, without_weekdays

Floats = NDArray[np.float64]

LEAST_SIDE_DAYS = 3
JUMP_IN_NOISE = 4.0
"""The jump must stand out of the daily scatter, fit clearly better than a line or a constant does, and matter."""
BETTER_THAN_FLAT = 0.5
BETTER_THAN_LINE = 0.7
MATERIAL_SHARE = 0.1


class Step(NamedTuple):
    """The first day of the new level, and the median levels on both sides."""

    day: int
    before: float
    after: float


def last_step(levels: Floats) -> Step | None:
    """The most recent step in daily levels (oldest first), or None."""
    found, offset = _one_step(levels), 0
    last: Step | None = None
    while found is not None:
        last = found._replace(day=found.day + offset)
        offset = last.day
        found = _one_step(levels[offset:])
    return last


def _one_step(levels: Floats) -> Step | None:
    count = len(levels)
    if count < 2 * LEAST_SIDE_DAYS:
        return None
    levels = without_weekdays(levels)
    places = range(LEAST_SIDE_DAYS, count - LEAST_SIDE_DAYS + 1)
    costs = [_scatter(levels[:place]) + _scatter(levels[place:]) for place in places]
    place = places[int(np.argmin(costs))]
    cost = min(costs)
    before, after = float(np.median(levels[:place])), float(np.median(levels[place:]))
    jump = abs(after - before)
    line = levels - slope_of(levels) * np.arange(count)
    if jump == 0 or cost >= BETTER_THAN_FLAT * _scatter(levels) or cost >= BETTER_THAN_LINE * _scatter(line):
        return None
    if jump <= JUMP_IN_NOISE * cost / count or jump <= MATERIAL_SHARE * max(abs(before), abs(after)):
        return None
    return Step(place, before, after)


def _scatter(levels: Floats) -> float:
    return float(np.abs(levels - np.median(levels)).sum())
