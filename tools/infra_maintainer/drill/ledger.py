"""The ledger of drills, read: what all drills of a backup say together."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from infra_maintainer.drill.confidence import lower_bound
from infra_maintainer.drill.record import DrillRecord

NAME = "drills"
VALIDATED = 5


class History(NamedTuple):
    """The drills of one backup, oldest first. Only `counted` say something about the backup."""

    backup: str
    counted: tuple[DrillRecord, ...]
    newest_canary: DrillRecord | None
    newest_obstacle: DrillRecord | None

    @property
    def succeeded(self) -> int:
        """Drills that passed."""
        return sum(record.result == "passed" for record in self.counted)

    @property
    def bound(self) -> float:
        """Success rate in per cent that is supported with 95 % confidence. Raises ValueError without any drill."""
        return lower_bound(self.succeeded, len(self.counted)) * 100

    @property
    def observed(self) -> list[float]:
        """Recovery times in seconds of the drills that passed: a failed recovery has no time."""
        return [r.observed_seconds for r in self.counted if r.result == "passed" and r.observed_seconds is not None]

    @property
    def validated(self) -> DrillRecord | None:
        """The newest drill that validated what came back, and passed: a failed one tested nothing but the alarm."""
        good = (each for each in reversed(self.counted) if each.level >= VALIDATED and each.result == "passed")
        return next(good, None)


def read_ledger(lines: Iterable[str]) -> tuple[DrillRecord, ...]:
    """All records, oldest first. Raises ValueError for a line that is not a record."""
    return tuple(sorted((DrillRecord.model_validate_json(line) for line in lines), key=lambda record: record.at))


def history_of(records: Iterable[DrillRecord], backup: str) -> History:
    """Sorted by what they tell: stopped drills nothing, canaries about the alarm, obstacles about this host."""
    own = [record for record in records if record.backup == backup]
    counted = tuple(record for record in own if record.counts)
    canaries = [record for record in own if record.canary and record.result in ("passed", "failed")]
    last = own[-1] if own else None
    obstacle = last if last is not None and last.result == "not_possible" else None
    return History(backup, counted, canaries[-1] if canaries else None, obstacle)


def data_age(record: DrillRecord) -> float | None:
    """Seconds between the drill and the newest row it brought back, None when no column is declared."""
    moments = [_moment(value) for value in record.newest.values() if value]
    known = [moment for moment in moments if moment is not None]
    return (record.at - max(known)).total_seconds() if known else None


def _moment(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
