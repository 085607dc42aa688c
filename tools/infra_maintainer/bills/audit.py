"""All questions asked of one bill once, in order, and what came back: what everything else computes from."""

import re
from collections import defaultdict
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.questions import (
    Bill,
    CommitmentRow,
    DailyRow,
    Loading,
    OverlapRow,
    ResourceRow,
    TagRow,
    typed_rows,
)

RECENT_DAYS = 30
TOP_RESOURCES = 500
TAG_KEY = re.compile(r"[\w.:/@ -]{1,128}")


class Audit(NamedTuple):
    """The aggregates of one bill. `last_full_day` is the newest day that is believed complete."""

    loading: Loading
    daily: list[DailyRow]
    tags: list[TagRow]
    resources: list[ResourceRow]
    commitments: list[CommitmentRow]
    overlaps: list[OverlapRow]
    first_day: date
    last_day: date
    last_full_day: date
    owner_tag: str

    @property
    def recent_since(self) -> date:
        """First day of the last full 30 days: the basis of every monthly cost."""
        return self.last_full_day - timedelta(days=RECENT_DAYS - 1)

    @property
    def days(self) -> int:
        """Days from the first to the last full day."""
        return (self.last_full_day - self.first_day).days + 1


def run_audit(bill: Bill, owner_tag: str = "team", top: int = TOP_RESOURCES) -> Audit:
    """Ask the bill everything once. Raises BillError when it has no dated rows or the engine fails."""
    if not TAG_KEY.fullmatch(owner_tag):
        raise BillError("not_configured", f"owner_tag {owner_tag!r} is not a tag key", "name one tag key")
    daily = typed_rows(DailyRow, bill.ask("daily"))
    days = [row.charge_day for row in daily if row.charge_day is not None]
    if not days:
        raise BillError("no_data", "the bill has no row with a charge period", "export a period with charges")
    last_full_day = _last_full_day(daily)
    since = last_full_day - timedelta(days=RECENT_DAYS - 1)
    overlaps = typed_rows(OverlapRow, bill.ask("overlap")) if bill.loading.files > 1 else []
    return Audit(
        loading=bill.loading,
        daily=daily,
        tags=typed_rows(TagRow, bill.ask("tags", key=owner_tag)),
        resources=typed_rows(ResourceRow, bill.ask("resources", since=since, top=top)),
        commitments=typed_rows(CommitmentRow, bill.ask("commitments")),
        overlaps=overlaps,
        first_day=min(days),
        last_day=max(days),
        last_full_day=last_full_day,
        owner_tag=owner_tag,
    )


def _last_full_day(daily: list[DailyRow]) -> date:
    """The newest day with at least 80 % of the rows that the four weeks before it usually have.

    Bills arrive late: the last day or two hold a part of their rows, which looks like a drop in cost. At most 7 days
    are given up; a bill too short to compare keeps its last day.
    """
    rows: dict[date, int] = defaultdict(int)
    for row in daily:
        if row.charge_day is not None and row.is_usage:
            rows[row.charge_day] += row.rows_n
    if not rows:
        return max(row.charge_day for row in daily if row.charge_day is not None)
    last = max(rows)
    for back in range(7):
        day = last - timedelta(days=back)
        before = [rows[day - timedelta(days=each)] for each in range(1, 29) if day - timedelta(days=each) in rows]
        if len(before) < 7 or rows.get(day, 0) >= 0.8 * median(before):
            return day
    return last - timedelta(days=7)
