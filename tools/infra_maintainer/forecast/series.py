"""From raw samples to one value per local hour: counters, resets, gaps and clock changes handled and told."""

from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOUR_S = 3600
MOST_HOURS = 3 * 366 * 24
"""Three years: a stamp far out of line must not make an array of the world's memory."""


class Cleaned(NamedTuple):
    """Hourly history on the wall clock of `zone`: `start` counts seconds of that clock, NaN is an hour without data."""

    start: int
    zone: tzinfo
    mean: Floats
    peak: Floats
    samples: int
    notes: tuple[str, ...]

    def moment(self, hour: int) -> datetime:
        """The instant at which local hour number `hour` of the series begins, in UTC."""
        wall = datetime.fromtimestamp(self.start + hour * HOUR_S, UTC).replace(tzinfo=self.zone)
        return wall.astimezone(UTC)

    @property
    def gap_share(self) -> float:
        """Share of the hours that have no sample."""
        return float(np.isnan(self.mean).mean())

    def since(self, hour: int, note: str) -> "Cleaned":
        """The same series without what lies before `hour`, and why."""
        return self._replace(
            start=self.start + hour * HOUR_S,
            mean=self.mean[hour:],
            peak=self.peak[hour:],
            notes=(*self.notes, note),
        )


def hourly(at: Floats, values: Floats, zone: tzinfo = UTC, peaks: Floats | None = None) -> Cleaned:
    """Samples (epoch seconds, values) as means and maxima per hour of the wall clock, without an unfinished last hour.

    `peaks` are the maxima of samples that are themselves means over a while.

    Raises ValueError when no finite sample is left or they span more than three years.
    """
    notes: list[str] = []
    finite = np.isfinite(at) & np.isfinite(values)
    if not finite.all():
        notes.append(f"{int((~finite).sum())} samples that are no number were left out")
    highest = values if peaks is None else peaks
    at, values, highest = at[finite], values[finite], highest[finite]
    if len(at) == 0:
        raise ValueError("no sample with a number")
    order = np.argsort(at, kind="stable")
    at, values, highest = at[order], values[order], highest[order]
    utc_hour = np.floor(at / HOUR_S).astype(np.int64)
    if utc_hour[-1] - utc_hour[0] > MOST_HOURS:
        raise ValueError(f"samples span {(utc_hour[-1] - utc_hour[0]) // 24} days: at most {MOST_HOURS // 24}")
    local, changes = _wall_hours(utc_hour, zone)
    first, count = int(local[0]), int(local[-1] - local[0]) + 1
    place = local - first
    number = np.bincount(place, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(place, weights=values, minlength=count) / number
    peak = np.full(count, -np.inf)
    np.maximum.at(peak, place, highest)
    peak[number == 0] = np.nan
    for change, hours in changes:
        notes.append(f"clock change of {hours:+d} h on {change:%Y-%m-%d}: hours are those of the wall clock")
        _bridge_skipped(mean, peak, change, hours, first)
    mean, peak, unfinished = _drop_unfinished(mean, peak, at)
    if unfinished:
        notes.append("the last hour is unfinished and left out")
    missing = int(np.isnan(mean).sum())
    if missing:
        notes.append(f"{missing} of {len(mean)} hours have no sample; longest gap {longest_gap(mean)} h")
    return Cleaned(first * HOUR_S, zone, mean, peak, len(at), tuple(notes))


def rate_of_counter(at: Floats, totals: Floats) -> tuple[Floats, Floats, int]:
    """Rates per second between readings of a counter, with the number of resets; the step over a reset is left out.

    After a reset the counter began at zero at an unknown moment, so that step has no honest rate.
    """
    order = np.argsort(at, kind="stable")
    at, totals = at[order], totals[order]
    elapsed, grown = np.diff(at), np.diff(totals)
    good = (elapsed > 0) & (grown >= 0)
    return at[1:][good], grown[good] / elapsed[good], int((grown < 0).sum())


def longest_gap(values: Floats) -> int:
    """The longest run of missing hours."""
    longest = run = 0
    for missing in np.isnan(values):
        run = run + 1 if missing else 0
        longest = max(longest, run)
    return longest


def _wall_hours(utc_hour: NDArray[np.int64], zone: tzinfo) -> tuple[NDArray[np.int64], list[tuple[datetime, int]]]:
    hours, back = np.unique(utc_hour, return_inverse=True)
    offsets = np.empty(len(hours), dtype=np.int64)
    changes: list[tuple[datetime, int]] = []
    for index, hour in enumerate(hours):
        moment = datetime.fromtimestamp(int(hour) * HOUR_S, zone)
        shift = moment.utcoffset()
        offsets[index] = round(shift.total_seconds() / HOUR_S) if shift else 0
        if index and offsets[index] != offsets[index - 1]:
            changes.append((moment, int(offsets[index] - offsets[index - 1])))
    return (hours + offsets)[back], changes


def _bridge_skipped(mean: Floats, peak: Floats, change: datetime, hours: int, first: int) -> None:
    """An hour that the wall clock skipped is no gap: it takes the mean of its neighbours."""
    if hours <= 0:
        return
    after = int(change.replace(tzinfo=UTC).timestamp()) // HOUR_S - first
    for place in range(after - hours, after):
        if 0 < place < len(mean) - 1 and np.isnan(mean[place]):
            mean[place] = (mean[place - 1] + mean[after]) / 2
            peak[place] = (peak[place - 1] + peak[after]) / 2


def _drop_unfinished(mean: Floats, peak: Floats, at: Floats) -> tuple[Floats, Floats, bool]:
    """The last hour counts only when its last sample is within one usual step of the hour's end."""
    if len(at) < 2 or len(mean) < 2:
        return mean, peak, False
    step = float(np.median(np.diff(at)))
    if at[-1] % HOUR_S + 1.5 * step >= HOUR_S:
        return mean, peak, False
    return mean[:-1], peak[:-1], True
