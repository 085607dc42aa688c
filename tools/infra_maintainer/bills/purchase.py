"""Whether to commit more: the usage open to commitments, day by day, and the advice or the refusal as figures."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median
from typing import Protocol

from infra_maintainer.bills.audit import RECENT_DAYS, Audit
from infra_maintainer.bills.commitments import LOOK_BACK_DAYS, Refusal, advise
from infra_maintainer.bills.figures import Figure, Gap
from infra_maintainer.bills.rates import commitments

HOURS = 24.0


class Terms(Protocol):
    """What the owner declared about commitments."""

    @property
    def commitment_discount(self) -> float | None:
        """Discount of a 12-month commitment, 0..1."""
        ...

    @property
    def load_stays_months(self) -> float | None:
        """How long the load will stay, as its owner says."""
        ...


def discounts(audit: Audit, declared: float | None = None) -> dict[str, float]:
    """The discount of commitments per currency, 0..1: declared, else the median of those in use."""
    found: dict[str, list[float]] = defaultdict(list)
    for each in commitments(audit.commitments):
        if each.discount is not None and 0 < each.discount < 1:
            found[each.currency].append(each.discount)
    currencies = {row.currency or "none" for row in audit.daily}
    if declared is not None:
        return dict.fromkeys(sorted(currencies), declared)
    return {currency: median(values) for currency, values in found.items()}


def open_usage(audit: Audit) -> dict[str, dict[date, float]]:
    """List cost per day and currency that a commitment could cover and none does; days without any are 0."""
    first = max(audit.first_day, audit.last_full_day - timedelta(days=LOOK_BACK_DAYS - 1))
    days = [first + timedelta(days=n) for n in range((audit.last_full_day - first).days + 1)]
    found: dict[str, dict[date, float]] = {}
    for row in audit.daily:
        if row.is_usage and row.open_list > 0 and row.charge_day is not None and row.currency is not None:
            line = found.setdefault(row.currency, dict.fromkeys(days, 0.0))
            if row.charge_day in line:
                line[row.charge_day] += row.open_list
    return found


def purchase_figures(audit: Audit, bill: str, terms: Terms) -> Iterator[Figure | Gap]:
    """Per currency the advice, or the reason why there is none. From daily means: hours inside a day may dip lower."""
    known = discounts(audit, terms.commitment_discount)
    for currency, by_day in open_usage(audit).items():
        subject = f"{bill}/{currency}"
        discount = known.get(currency)
        if discount is None:
            detail = "no commitment in the bill shows its discount and none is declared"
            how = "declare bill.commitment_discount, as offered"
            yield Gap("bill.commitment.advice", subject, "not_configured", detail, how)
            continue
        recent = sum(cost for _, cost in sorted(by_day.items())[-RECENT_DAYS:])
        yield Figure("bill.commitment.open", subject, recent, currency, "sum", len(by_day), RECENT_DAYS * 86400.0)
        yield Figure("bill.commitment.discount", subject, 100 * discount, None, "instant")
        existing = sum(each.list_cost for each in commitments(audit.commitments) if each.currency == currency)
        advice = advise(
            {day: [cost / HOURS] for day, cost in by_day.items()},
            audit.last_full_day,
            discount,
            existing / (max(1, audit.days) * HOURS),
            terms.load_stays_months,
        )
        if isinstance(advice, Refusal):
            yield Gap("bill.commitment.advice", subject, "no_data", advice.why, advice.how)
            continue
        window = len(by_day) * 86400.0
        yield Figure("bill.commitment.advice", subject, advice.commitment, currency, "instant", len(by_day), window)
        saved = advice.saving_per_hour * HOURS * RECENT_DAYS
        yield Figure("bill.commitment.saving", subject, saved, currency, "mean", len(by_day), window)
        yield Figure("bill.commitment.break_even", subject, advice.break_even_month, None, "instant", None, window)
        halved = advice.utilisation["-50 %"]
        yield Figure("bill.commitment.utilisation_halved", subject, halved, None, "instant", None, window)
