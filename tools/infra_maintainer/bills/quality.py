"""What a bill says about itself: the measures that decide how far it can be trusted, computed before any finding.

Shares are by cost, not by row: a million rows of nothing matter less than one row of rent.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from infra_maintainer.bills.audit import Audit
from infra_maintainer.bills.questions import CommitmentRow, DailyRow


class Quality(NamedTuple):
    """Measures of trust. Shares in percent; None where the bill has nothing to compute them from."""

    rows: int
    broken_rows: int
    bad_values: int
    undated_rows: int
    missing_days: int
    incomplete_days: int
    copied_days: int
    currencies: tuple[str, ...]
    zeroed_share: float | None
    unlisted_share: float | None
    unnamed_share: float | None
    inverted_rows: int
    late_corrections: int
    identity_breaks: int
    prepaid_rows_with_cost: int
    odd_categories: tuple[str, ...]


CATEGORIES = {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}


def quality_of(audit: Audit) -> Quality:
    """All measures of one bill. Pure: no query is run."""
    usage = [row for row in audit.daily if row.is_usage]
    days = {row.charge_day for row in audit.daily if row.charge_day is not None}
    span = (audit.last_day - audit.first_day).days + 1
    billed = sum(row.billed for row in usage if row.billed > 0)
    purchases = [row for row in audit.commitments if row.category == "Purchase"]
    return Quality(
        rows=sum(row.rows_n for row in audit.daily),
        broken_rows=audit.loading.broken_rows,
        bad_values=sum(row.bad_values for row in audit.daily),
        undated_rows=sum(row.rows_n for row in audit.daily if row.charge_day is None),
        missing_days=span - len(days),
        incomplete_days=(audit.last_day - audit.last_full_day).days,
        copied_days=len({row.charge_day for row in audit.overlaps}),
        currencies=tuple(sorted({row.currency or "none" for row in audit.daily})),
        zeroed_share=_share(sum(row.zeroed_billed for row in usage), billed),
        unlisted_share=None if "list_cost" in audit.loading.shape.absent else _share(_unlisted(usage), billed),
        unnamed_share=None if "resource_id" in audit.loading.shape.absent else _unnamed_share(audit),
        inverted_rows=sum(row.inverted_rows for row in usage),
        late_corrections=sum(row.rows_n for row in audit.daily if _corrects_a_closed_month(row)),
        identity_breaks=_identity_breaks(audit.commitments),
        prepaid_rows_with_cost=sum(row.rows_n for row in purchases if abs(row.effective) > 0.01 and row.billed > 0),
        odd_categories=tuple(sorted({row.category or "none" for row in audit.daily} - CATEGORIES)),
    )


def money(
    rows: list[DailyRow], cost: Callable[[DailyRow], float], since: date | None = None, until: date | None = None
) -> dict[str, float]:
    """Sum of a cost per currency over the days [since, until]. Currencies are never added to each other."""
    totals: dict[str, float] = defaultdict(float)
    for row in rows:
        if row.charge_day is None:
            continue
        if (since is None or row.charge_day >= since) and (until is None or row.charge_day <= until):
            totals[row.currency or "none"] += cost(row)
    return dict(totals)


def missing_days(audit: Audit) -> list[date]:
    """Days between the first and the last that have no row at all."""
    days = {row.charge_day for row in audit.daily}
    span = (audit.last_day - audit.first_day).days + 1
    return [day for day in (audit.first_day + timedelta(days=n) for n in range(span)) if day not in days]


def _share(part: float, whole: float) -> float | None:
    return None if whole <= 0 else 100 * part / whole


def _unlisted(usage: list[DailyRow]) -> float:
    return sum(row.unlisted_billed for row in usage)


def _unnamed_share(audit: Audit) -> float | None:
    unnamed = sum(row.recent for row in audit.resources if row.resource_id is None)
    whole = {row.currency: row.all_recent for row in audit.resources}
    return _share(unnamed, sum(whole.values()))


def _corrects_a_closed_month(row: DailyRow) -> bool:
    if row.charge_class != "Correction" or row.charge_day is None or row.billing_month is None:
        return False
    return row.charge_day < row.billing_month


def _identity_breaks(rows: list[CommitmentRow]) -> int:
    """Commitments whose usage costs more than was ever bought (sum of EffectiveCost of Usage over BilledCost of
    Purchase).

    Judged only where the purchase lies inside the bill before the first use; one bought earlier cannot be compared.
    """
    by_id: dict[str, list[CommitmentRow]] = defaultdict(list)
    for row in rows:
        by_id[row.commitment_id].append(row)
    breaks = 0
    for group in by_id.values():
        bought = [row for row in group if row.category == "Purchase"]
        used = [row for row in group if row.category == "Usage"]
        starts = [row.first_day for row in bought if row.first_day is not None]
        uses = [row.first_day for row in used if row.first_day is not None]
        if not starts or not uses or min(uses) < min(starts):
            continue
        breaks += sum(row.effective for row in used) > sum(row.billed for row in bought) * 1.01
    return breaks
