"""Commitment discounts: do they save or cost, how much of them is used, and should more be bought."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown


@check(
    title="commitments: used, covered, worth it",
    quantities=("commitment.utilisation", "bill.saving_rate", "bill.commitment.coverage", "bill.commitment.advice"),
    policies=("costs.commitment.utilisation", "costs.saving_rate"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Below break-even a commitment loses money; a negative saving rate says that all of them together do."""
    for used in facts.numbers("commitment.utilisation"):
        yield _use(used, facts, policy)
    rule = policy["costs.saving_rate"]
    for rate in facts.numbers("bill.saving_rate"):
        says = f"{rate.subject}: effective saving rate {shown(rate)}, unused commitments included"
        if rule.undercut(rate.value):
            yield Finding(
                code="saving_rate_negative", subject=rate.subject, severity=rule.severity, says=says,
                matters="Unused commitments cost more than all discounts bring.",
                do="Move work onto the unused commitments, sell or shrink them; buy no more.",
                evidence=[rate.id], policy=rule.id,
            )  # fmt: skip
        else:
            yield Pass(code="saving_rate", subject=rate.subject, says=says, evidence=[rate.id], policy=rule.id)
    yield from facts.unknowns(
        "bill.saving_rate", "saving_rate", "The effective saving rate cannot be computed.", "medium", policy=rule.id
    )
    for covered in facts.numbers("bill.commitment.coverage"):
        quote = getattr(covered.record, "quote", None)
        yield Pass(
            code="commitment_coverage", subject=covered.subject,
            says=f"{covered.subject}: commitments cover {shown(covered)} of what they could ({quote})",
            evidence=[covered.id],
        )  # fmt: skip
    yield from _advice(facts)


def _use(used: Number, facts: Facts, policy: Policy) -> Finding | Pass:
    rule = policy["costs.commitment.utilisation"]
    discount, unused = (
        facts.number("commitment.discount", used.subject),
        facts.number("commitment.unused", used.subject),
    )
    cited = [each.id for each in (used, discount, unused) if each is not None]
    says = f"{used.subject.partition(':')[2]} is used to {shown(used)}" + (
        f", {shown(unused)} unused" if unused else ""
    )
    if not rule.undercut(used.value):
        return Pass(code="commitment_use", subject=used.subject, says=says, evidence=cited, policy=rule.id)
    loses = discount is not None and used.value < 100 - discount.value
    return Finding(
        code="commitment_loses" if loses else "commitment_underused",
        subject=used.subject,
        severity="medium" if loses else "low",
        says=says + (f"; at a discount of {shown(discount)} that loses money" if loses and discount else ""),
        matters="What is committed is paid, used or not.",
        do="Widen its scope or move work onto it first; let it end. What is already paid is no saving.",
        evidence=cited,
        policy=rule.id,
    )


def _advice(facts: Facts) -> Iterator[Outcome]:
    for advice in facts.numbers("bill.commitment.advice"):
        saved = facts.number("bill.commitment.saving", advice.subject)
        halved = facts.number("bill.commitment.utilisation_halved", advice.subject)
        month = facts.number("bill.commitment.break_even", advice.subject)
        known = [each for each in (advice, saved, halved, month) if each is not None]
        parts = [f"up to {shown(advice)} of list price per hour could be committed for 12 months"]
        parts += [f"saving about {shown(saved)} a month"] if saved else []
        parts += [f"paid off after month {shown(month)}"] if month else []
        parts += [f"used to {shown(halved)} if usage halves"] if halved else []
        yield Finding(
            code="commitment_gap", subject=advice.subject, severity="low", says="; ".join(parts),
            matters="Stable load at the standard price is dearer than it must be.",
            do="Only after clean-up and right-sizing, one quarter of it at a time, one year first.",
            evidence=[each.id for each in known],
        )  # fmt: skip
    yield from facts.unknowns("bill.commitment.advice", "commitment_gap", "No commitment is advised.", "low")
