"""What audit_costs adds to a report: how much was seen, the sums that are never one, and the judged idea."""

from collections.abc import Sequence

from pydantic import Field

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import AnyEvidence, Report
from infra_maintainer.estate.idea import Idea
from infra_maintainer.estate.judged import Estate
from infra_maintainer.evidence.model import Frozen


class Seen(Frozen):
    """One bill in one currency: the cost of usage in its last full 30 days, and what of it could be looked at."""

    bill: str
    currency: str
    usage_cost: float
    days: float | None = None
    known_share: float | None = Field(default=None, description="percent of it whose resource an inventory knows")
    evidence: list[str]


class Sums(Frozen):
    """One currency, per 30 days. None where nothing of the kind was found; the three are never added."""

    currency: str
    safe_to_act: float | None = None
    needs_owner: float | None = None
    protected: float | None = None
    unknown: float | None = None
    evidence: list[str]


class Costs(Frozen):
    """The section of audit_costs. Coverage stands first: a part is never called a total."""

    seen: list[Seen]
    sums: list[Sums]
    verdicts: dict[str, int] = Field(description="how many resources got which verdict")
    idea: Idea | None = None


class CostsReport(Report):
    """A report with the cost section."""

    costs: Costs


def costs_section(evidence: Sequence[AnyEvidence], estate: Estate, idea: Idea | None) -> Costs:
    """The section, every number of it from cited evidence."""
    facts = Facts(list(evidence))
    words: dict[str, int] = {}
    for each in estate.verdicts:
        words[each.verdict] = words.get(each.verdict, 0) + 1
    return Costs(seen=_seen(facts), sums=_sums(facts), verdicts=dict(sorted(words.items())), idea=idea)


def _seen(facts: Facts) -> list[Seen]:
    found: list[Seen] = []
    for usage in facts.numbers("bill.cost.usage"):
        bill = usage.subject.partition("/")[0]
        days = facts.number("bill.days", bill)
        share = facts.number("bill.inventory.share", usage.subject)
        found.append(
            Seen(
                bill=bill,
                currency=usage.record.unit,
                usage_cost=usage.value,
                days=days.value if days else None,
                known_share=share.value if share else None,
                evidence=[each.id for each in (usage, days, share) if each is not None],
            )
        )
    return found


def _sums(facts: Facts) -> list[Sums]:
    quantities = ("safe_to_act", "needs_owner", "protected", "unknown")
    totals = {
        (name, number.record.unit): number
        for name in quantities
        for number in facts.numbers(f"estate.{name}")
        if "/" not in number.subject  # a step of a long sum
    }
    return [
        Sums(
            currency=currency,
            evidence=[totals[(name, currency)].id for name in quantities if (name, currency) in totals],
            **{name: totals[(name, currency)].value if (name, currency) in totals else None for name in quantities},
        )
        for currency in sorted({currency for _, currency in totals})
    ]
