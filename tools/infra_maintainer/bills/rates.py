"""What was saved and what is covered: effective saving rate, commitment utilisation and coverage, per currency.

Unused commitments are part of what was paid, so they are part of the rate: it is negative where they cost more than the
discounts brought. A rate is refused, never guessed, where the bill's list prices are not to be trusted.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from infra_maintainer.bills.questions import CommitmentRow, DailyRow


class Commitment(NamedTuple):
    """One commitment over the whole bill. Money in `currency`."""

    commitment_id: str
    kind: str
    currency: str
    used: float
    unused: float
    list_cost: float
    first_day: date | None
    last_day: date | None

    @property
    def utilisation(self) -> float:
        """Percent of what was committed that was used."""
        return 100 * self.used / (self.used + self.unused)

    @property
    def discount(self) -> float | None:
        """Discount on what was used, 0..1; None without list prices."""
        return 1 - self.used / self.list_cost if self.list_cost > self.used > 0 else None


def saving_rate(usage: Iterable[DailyRow]) -> dict[str, float]:
    """Effective saving rate in percent per currency: 1 - effective / list over usage, unused commitments included."""
    effective: dict[str, float] = defaultdict(float)
    listed: dict[str, float] = defaultdict(float)
    for row in usage:
        effective[row.currency or "none"] += row.effective
        listed[row.currency or "none"] += row.list_cost
    return {currency: 100 * (1 - effective[currency] / total) for currency, total in listed.items() if total > 0}


def commitments(rows: Iterable[CommitmentRow]) -> list[Commitment]:
    """Each commitment's used and unused cost, dearest unused first."""
    groups: dict[tuple[str, str], list[CommitmentRow]] = defaultdict(list)
    for row in rows:
        if row.category == "Usage":
            groups[(row.commitment_id, row.currency or "none")].append(row)
    found = [_one(commitment_id, currency, group) for (commitment_id, currency), group in groups.items()]
    return sorted((each for each in found if each.used + each.unused > 0), key=lambda each: -each.unused)


def coverage(usage: Iterable[DailyRow], rows: Iterable[CommitmentRow]) -> dict[str, float]:
    """Percent of the usage that a commitment could cover and does, by list cost, per currency."""
    covered: dict[str, float] = defaultdict(float)
    eligible: dict[str, float] = defaultdict(float)
    for row in rows:
        if row.category == "Usage" and row.commitment_status != "Unused":
            covered[row.currency or "none"] += row.list_cost
            eligible[row.currency or "none"] += row.list_cost
    for each in usage:
        eligible[each.currency or "none"] += each.open_list
    return {currency: 100 * covered[currency] / total for currency, total in eligible.items() if total > 0}


def _one(commitment_id: str, currency: str, group: list[CommitmentRow]) -> Commitment:
    used = [row for row in group if row.commitment_status != "Unused"]
    days = [day for row in group for day in (row.first_day, row.last_day) if day is not None]
    return Commitment(
        commitment_id,
        next((row.commitment_type for row in group if row.commitment_type), "commitment"),
        currency,
        sum(row.effective for row in used),
        sum(row.effective for row in group if row.commitment_status == "Unused"),
        sum(row.list_cost for row in used),
        min(days, default=None),
        max(days, default=None),
    )
