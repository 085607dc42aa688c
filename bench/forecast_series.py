"""The public series of the forecast benchmark: read from a folder, made hourly, split with the last quarter held out.

Needs numpy only, because the rivals' own environment imports this file too.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

HOUR = 3600
LONG_WINDOW_H = 120 * 24  # two years are cut into windows of 120 days: 90 known, 30 held out


class Series(NamedTuple):
    """One hourly series: `start` is the epoch second of its first hour, missing hours are NaN."""

    family: str
    name: str
    start: int
    values: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """The first three quarters."""
        return self.values[: len(self.values) - len(self.values) // 4]

    @property
    def held_out(self) -> np.ndarray:
        """The last quarter, which no method has seen."""
        return self.values[len(self.values) - len(self.values) // 4 :]


def load(folder: Path) -> list[Series]:
    """Every series of the folder's families, in a fixed order."""
    found: list[Series] = []
    for path in sorted(folder.glob("azure_*_hourly.csv.gz")):
        found += _azure(path)
    for path in sorted(folder.glob("nab/*.csv.gz")):
        found.append(_stamped(path))
    for path in sorted(folder.glob("ett_*.csv.gz")):
        found += _long(path)
    return found


def seeded(count: int = 24, days: int = 60, seed: int = 7) -> list[Series]:
    """Made-up series, for when no folder is given: daily and weekly shape, noise that remembers, some with growth."""
    generator = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    made = []
    for index in range(count):
        daily = generator.uniform(2, 12) * np.sin(2 * np.pi * (hours - generator.integers(24)) / 24)
        weekend = generator.uniform(0.6, 1.0) ** ((hours // 24) % 7 >= 5)
        noise = np.zeros(len(hours))
        for hour in range(1, len(hours)):
            noise[hour] = 0.8 * noise[hour - 1] + generator.normal(0, 1.5)
        growth = generator.choice([0.0, 0.0, 0.1]) * hours / 24
        made.append(Series("seeded", f"seeded{index:03d}", 0, np.maximum((30 + daily) * weekend + growth + noise, 0.0)))
    return made


def _rows(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.reader(lines)


def _azure(path: Path) -> list[Series]:
    rows = _rows(path)
    names = next(rows)[1:]
    table = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
    kind = "max" if "_max_" in path.name else "mean"
    family = "azure_periodic" if "periodic" in path.name else "azure_vm"
    return [Series(family, f"{name}.{kind}", 0, table[:, column]) for column, name in enumerate(names)]


def _epoch(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp())


def _stamped(path: Path) -> Series:
    rows = _rows(path)
    next(rows)
    pairs = [(_epoch(stamp) // HOUR, float(value)) for stamp, value in rows]
    first = pairs[0][0]
    total = np.zeros(pairs[-1][0] - first + 1)
    count = np.zeros(len(total))
    for hour, value in pairs:
        total[hour - first] += value
        count[hour - first] += 1
    with np.errstate(invalid="ignore"):
        means = np.where(count > 0, total / count, np.nan)
    return Series("nab", path.name.removesuffix(".csv.gz"), first * HOUR, means)


def _long(path: Path) -> list[Series]:
    rows = _rows(path)
    names = next(rows)[1:]
    stamps, table = [], []
    for row in rows:
        stamps.append(_epoch(row[0]))
        table.append([float(cell) if cell else np.nan for cell in row[1:]])
    values = np.array(table)
    found = []
    for number, end in enumerate((len(values) - LONG_WINDOW_H, len(values))):
        begin = end - LONG_WINDOW_H
        if begin < 0:
            continue
        for column, name in enumerate(names):
            label = f"{path.name.removesuffix('.csv.gz')}.{name}.{number}"
            found.append(Series("ett", label, stamps[begin], values[begin:end, column]))
    return found
