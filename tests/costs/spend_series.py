"""Seeded daily spend series with planted anomalies: weekly rhythm, growth, month-end work, noise; what a bill looks
like.

The generator knows nothing of the detector: 400 series of 180 days, 209 of them with one planted anomaly in the last
90.
"""

import random
from datetime import date, timedelta
from math import exp, log
from typing import NamedTuple

START = date(2026, 1, 5)
DAYS, SCORED_DAYS, SERIES, PLANTED = 180, 90, 400, 209


class Spend(NamedTuple):
    """One series, and the days on which something abnormal was planted (none for most)."""

    costs: dict[date, float]
    planted: frozenset[date]


def spend_series(seed: int) -> list[Spend]:
    """400 series from one seed."""
    chance = random.Random(seed)
    return [_one(chance, with_anomaly=number < PLANTED) for number in range(SERIES)]


def _one(chance: random.Random, with_anomaly: bool) -> Spend:
    level = exp(chance.uniform(log(30), log(3000)))
    weekend = chance.choice([1.0, 1.0, 0.9, 0.6, 0.35])
    noise = chance.uniform(0.02, 0.12)
    growth = chance.uniform(-0.3, 0.6) / 365
    month_day = chance.choice([None, None, None, 1, 2, 28])
    month_factor = chance.uniform(1.4, 3.0)
    costs: dict[date, float] = {}
    for number in range(DAYS):
        day = START + timedelta(days=number)
        value = level * (1 + growth * number) * (weekend if day.weekday() >= 5 else 1.0)
        if month_day is not None and day.day == month_day:
            value *= month_factor
        costs[day] = max(0.0, value * (1 + chance.gauss(0, noise)))
    planted: set[date] = set()
    if with_anomaly:
        first = START + timedelta(days=chance.randrange(DAYS - SCORED_DAYS + 3, DAYS - 10))
        length, rise = chance.choice(
            [(1, chance.uniform(0.8, 3)), (4, chance.uniform(0.5, 1.5)), (10, chance.uniform(0.4, 1.2))]
        )
        for number in range(length):
            day = first + timedelta(days=number)
            costs[day] *= 1 + rise
            planted.add(day)
    return Spend(costs, frozenset(planted))
