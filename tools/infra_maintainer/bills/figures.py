"""What one audited bill has to say, figure by figure, in the vocabulary's words: the source makes evidence of them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from infra_maintainer.bills.audit import RECENT_DAYS, Audit
from infra_maintainer.bills.quality import money, quality_of
from infra_maintainer.bills.questions import DailyRow
from infra_maintainer.bills.rates import commitments, coverage, saving_rate
from infra_maintainer.evidence.model import Scalar, Stat, Why

DAY_S = 86400.0
MOST_LISTED = 10
# Above these shares a bill's prices are not what the columns promise; rates made of them would be invented.
MOST_UNLISTED, MOST_ZEROED = 5.0, 20.0


UNOWNED = {"none": "no tag", "empty": "an empty tag", "other_keys": "only other tags", "unreadable": "unreadable tags"}


def plain(text: str) -> str:
    """Outside text as a part of a subject: letters, digits and a few marks; everything else becomes `?`."""
    return re.sub(r"[^\w .:/@+=-]", "?", text)[:80]


class Figure(NamedTuple):
    """A value of a quantity about a subject; money has a currency."""

    quantity: str
    subject: str
    value: Scalar
    currency: str | None = None
    stat: Stat = "instant"
    n: int | None = None
    window: float | None = None
    quote: str | None = None


class Gap(NamedTuple):
    """Something this bill cannot tell, why, and what would help."""

    quantity: str
    subject: str
    why: Why
    detail: str
    how: str


def trust_figures(audit: Audit, bill: str, today: date) -> Iterator[Figure | Gap]:
    """How far the bill can be trusted."""
    quality, loading = quality_of(audit), audit.loading
    yield Figure("bill.version", bill, loading.shape.version)
    counts: dict[str, int] = {
        "bill.files": loading.files,
        "bill.files.unreadable": len(loading.unreadable_files),
        "bill.rows": quality.rows,
        "bill.rows.broken": quality.broken_rows,
        "bill.rows.inverted": quality.inverted_rows,
        "bill.rows.undated": quality.undated_rows,
        "bill.values.unreadable": quality.bad_values,
        "bill.days": audit.days,
        "bill.days.copied": quality.copied_days,
        "bill.days.incomplete": quality.incomplete_days,
        "bill.days.missing": quality.missing_days,
        "bill.age": (today - audit.last_full_day).days,
        "bill.corrections.late": quality.late_corrections,
        "bill.commitments.unbalanced": quality.identity_breaks,
        "bill.purchases.counted": quality.prepaid_rows_with_cost,
    }
    for quantity, value in counts.items():
        yield Figure(quantity, bill, value, stat="count", n=max(1, quality.rows))
    lists: dict[str, tuple[str, ...]] = {
        "bill.currencies": quality.currencies,
        "bill.categories.odd": quality.odd_categories,
        "bill.columns.absent": loading.shape.absent,
        "bill.columns.unknown": loading.shape.unknown,
    }
    for quantity, names in lists.items():
        yield Figure(quantity, bill, len(names), stat="count", quote=", ".join(names) or None)
    shares = {
        "bill.zeroed": (quality.zeroed_share, "EffectiveCost"),
        "bill.unlisted": (quality.unlisted_share, "ListCost"),
        "bill.unnamed": (quality.unnamed_share, "ResourceId"),
    }
    for quantity, (share, column) in shares.items():
        if share is None:
            how = f"export the column {column}"
            yield Gap(quantity, bill, "not_supported", f"the bill has no {column} to compute it from", how)
        else:
            yield Figure(quantity, bill, share, stat="ratio", n=quality.rows)


def spend_figures(audit: Audit, bill: str) -> Iterator[Figure | Gap]:
    """What was spent in the last 30 full days, by currency and service, and what it saved."""
    usage = [row for row in audit.daily if row.is_usage]
    days = min(RECENT_DAYS, audit.days)
    window = days * DAY_S
    since, until = audit.recent_since, audit.last_full_day
    recent = [row for row in usage if row.charge_day is not None and since <= row.charge_day <= until]
    for quantity, totals in (
        ("bill.cost.billed", money(audit.daily, lambda row: row.billed, since, until)),
        ("bill.cost.effective", money(audit.daily, lambda row: row.effective, since, until)),
        ("bill.cost.usage", money(recent, lambda row: row.effective)),
    ):
        for currency, amount in totals.items():
            subject = f"{bill}/{currency}"
            yield Figure(quantity, subject, amount, currency, "sum", sum(row.rows_n for row in recent) or 1, window)
    yield from _services(recent, bill, window)
    yield from _owners(audit, bill)
    yield from _rates(audit, usage, recent, bill, window)


def resource_figures(audit: Audit) -> Iterator[tuple[str, Figure]]:
    """Cost and covered cost of the dearest resources, each with the provider's own id."""
    window = min(RECENT_DAYS, audit.days) * DAY_S
    for row in audit.resources:
        if row.resource_id is None or row.currency is None:
            continue
        for quantity, amount in (("resource.cost", row.recent), ("resource.covered", row.covered)):
            yield row.resource_id, Figure(quantity, "", amount, row.currency, "sum", row.recent_days, window)


def _services(recent: list[DailyRow], bill: str, window: float) -> Iterator[Figure]:
    totals: dict[tuple[str, str], float] = defaultdict(float)
    for row in recent:
        totals[(row.service or "none", row.currency or "none")] += row.effective
    for (service, currency), amount in sorted(totals.items(), key=lambda item: -item[1])[:MOST_LISTED]:
        yield Figure(
            "bill.cost.service", f"{bill}/{currency}/{plain(service)}", amount, currency, "sum", None, window, service
        )


def _owners(audit: Audit, bill: str) -> Iterator[Figure | Gap]:
    window = audit.days * DAY_S
    whole: dict[str, float] = defaultdict(float)
    unowned: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in audit.tags:
        whole[row.currency or "none"] += row.effective
        if row.state != "owned":
            unowned[row.currency or "none"][row.state] += row.effective
    for currency, total in whole.items():
        if total <= 0:
            continue
        parts = ", ".join(
            f"{UNOWNED.get(state, state)} {amount:,.2f}" for state, amount in sorted(unowned[currency].items())
        )
        share = 100 * sum(unowned[currency].values()) / total
        rows = sum(row.rows_n for row in audit.tags)
        yield Figure("bill.unowned", f"{bill}/{currency}", share, None, "ratio", rows, window, parts or None)
    owned = sorted((row for row in audit.tags if row.state == "owned"), key=lambda row: -row.effective)
    for row in owned[:MOST_LISTED]:
        subject = f"{bill}/{row.currency}/{audit.owner_tag}={plain(row.owner or '')}"
        yield Figure("bill.cost.owner", subject, row.effective, row.currency, "sum", row.rows_n, window, row.owner)


def _rates(
    audit: Audit, usage: list[DailyRow], recent: list[DailyRow], bill: str, window: float
) -> Iterator[Figure | Gap]:
    quality = quality_of(audit)
    unlisted, zeroed = quality.unlisted_share, quality.zeroed_share or 0.0
    if unlisted is None or unlisted > MOST_UNLISTED or zeroed > MOST_ZEROED:
        said = "no list prices" if unlisted is None else f"{unlisted:.0f} % without a list price, {zeroed:.0f} % zeroed"
        yield Gap(
            "bill.saving_rate", bill, "not_supported", f"of the billed usage {said}", "export list and effective cost"
        )
    else:
        for currency, rate in saving_rate(recent).items():
            yield Figure("bill.saving_rate", f"{bill}/{currency}", rate, None, "ratio", len(recent), window)
    if "commitment_id" in audit.loading.shape.absent:
        yield Gap(
            "bill.commitment.coverage", bill, "not_supported", "no commitment columns", "export CommitmentDiscountId"
        )
        return
    proxy = "eligibility" in audit.loading.shape.absent
    says = "eligible by proxy: compute at the standard price" if proxy else "eligible as the bill says"
    for currency, share in coverage(usage, audit.commitments).items():
        subject = f"{bill}/{currency}"
        yield Figure("bill.commitment.coverage", subject, share, None, "ratio", None, audit.days * DAY_S, says)
    for each in commitments(audit.commitments)[:MOST_LISTED]:
        subject, span = f"commitment:{plain(each.commitment_id)[-80:]}", audit.days * DAY_S
        yield Figure("commitment.utilisation", subject, each.utilisation, None, "ratio", None, span, each.kind)
        yield Figure("commitment.unused", subject, each.unused, each.currency, "sum", None, span, each.kind)
        if each.discount is not None:
            yield Figure("commitment.discount", subject, 100 * each.discount, None, "ratio", None, span, each.kind)


def daily_series(usage: list[DailyRow]) -> dict[tuple[str, str, str, str], dict[date, float]]:
    """Effective cost per day by (provider, service, account, currency)."""
    series: dict[tuple[str, str, str, str], dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for row in usage:
        if row.charge_day is not None:
            key = (row.provider or "none", row.service or "none", row.account or "", row.currency or "none")
            series[key][row.charge_day] += row.effective
    return series
