"""Seeded hourly series whose truth is known: daily and weekly shape, noise that remembers, growth."""

from datetime import UTC

import numpy as np
from numpy.typing import NDArray

from infra_maintainer.forecast.series import Cleaned

Floats = NDArray[np.float64]


def made(
    days: int,
    *,
    growth_per_day: float = 0.0,
    seed: int = 0,
    level: float = 40.0,
    noise: float = 1.5,
    weekend: float = 0.8,
) -> Floats:
    """Hourly values over `days` days."""
    generator = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    memory = np.zeros(len(hours))
    shocks = generator.normal(0, noise, len(hours))
    for hour in range(1, len(hours)):
        memory[hour] = 0.8 * memory[hour - 1] + shocks[hour]
    shape = np.where((hours // 24) % 7 >= 5, weekend, 1.0)
    return np.asarray((level + 8 * np.sin(2 * np.pi * hours / 24)) * shape + growth_per_day * hours / 24 + memory)


def history(values: Floats) -> Cleaned:
    """An hourly history in UTC as the readers make it."""
    return Cleaned(0, UTC, values, values + 1.0, len(values) * 12, ())
