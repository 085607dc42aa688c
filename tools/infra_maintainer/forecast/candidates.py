"""The simple forecasters that compete: each says what the next seven days look like, from the days before an origin."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOURS = 24
WEEK = 7
RECENT_DAYS = 28
"""Shapes come from the last four weeks: long enough to be steady, short enough to follow a changed habit."""


def _flat_day(days: Floats) -> Floats:
    return np.full((WEEK, HOURS), np.median(days[-1]))


def _flat_week(days: Floats) -> Floats:
    return np.full((WEEK, HOURS), np.median(days[-WEEK:]))


def _hour_of_day_week(days: Floats) -> Floats:
    return np.tile(np.median(days[-WEEK:], axis=0), (WEEK, 1))


def _hour_of_day_month(days: Floats) -> Floats:
    return np.tile(np.median(days[-RECENT_DAYS:], axis=0), (WEEK, 1))


def _levelled(days: Floats, level_h: int) -> Floats:
    recent = days[-RECENT_DAYS:]
    shape = np.median(recent - np.median(recent, axis=1, keepdims=True), axis=0)
    level = np.median((recent - shape).ravel()[-level_h:])
    return np.tile(shape + level, (WEEK, 1))


def _level_day(days: Floats) -> Floats:
    return _levelled(days, 24)


def _level_two_days(days: Floats) -> Floats:
    return _levelled(days, 48)


def _weeks(days: Floats) -> Floats:
    whole = min(RECENT_DAYS // WEEK, len(days) // WEEK)
    return days[-whole * WEEK :].reshape(whole, WEEK, HOURS)


def _hour_of_week(days: Floats) -> Floats:
    return np.asarray(np.median(_weeks(days), axis=0))


def _hour_of_week_levelled(days: Floats) -> Floats:
    weeks = _weeks(days)
    shape = np.median(weeks - np.median(weeks, axis=(1, 2), keepdims=True), axis=0)
    return np.asarray(shape + np.median((weeks - shape)[-1]))


CANDIDATES: dict[str, tuple[int, Callable[[Floats], Floats]]] = {
    "last day, flat": (1, _flat_day),
    "last week, flat": (1, _flat_week),
    "hour of day, 7 days": (1, _hour_of_day_week),
    "hour of day, 28 days": (1, _hour_of_day_month),
    "hour of day at the level of 24 h": (1, _level_day),
    "hour of day at the level of 48 h": (1, _level_two_days),
    "hour of week, 4 weeks": (14, _hour_of_week),
    "hour of week at the level of the last week": (14, _hour_of_week_levelled),
}
"""Name: (days of history that it needs, forecaster)."""


def candidates_for(days_known: int) -> list[str]:
    """The names of the forecasters that can speak after `days_known` days."""
    return [name for name, (needs, _) in CANDIDATES.items() if days_known >= needs]


def speak(name: str, days: Floats, blocks: int) -> Floats:
    """The forecast of one candidate for the next `blocks` days: an array of (blocks, 24)."""
    week = CANDIDATES[name][1](days)
    return np.concatenate([week] * (-(-blocks // WEEK)))[:blocks]
