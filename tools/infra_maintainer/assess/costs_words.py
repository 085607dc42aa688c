"""A verdict about a rented thing as an outcome of a check: in words, with its numbers cited."""

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.estate.verdict import Verdict
from infra_maintainer.evidence.show import show

LOADS = ("resource.load_after.cpu", "resource.load_after.memory", "resource.load_after.network")


def outcome(verdict: Verdict, facts: Facts, policy: Policy) -> Finding | Pass | Unknown:
    """Waste and review are findings, protected is a pass, unknown stays unknown."""
    name = verdict.resource.removeprefix("resource:")
    loads = [each.id for part in LOADS if (each := facts.number(part, verdict.resource)) is not None]
    thing = f"{verdict.kind.replace('_', ' ')} {name}"
    cost = "" if verdict.monthly_cost is None else f", {show(verdict.monthly_cost, verdict.currency or '1')} a month"
    if verdict.verdict == "unknown":
        first = verdict.unanswered[0]
        missing = ", ".join(each.quantity.removeprefix("resource.") for each in verdict.unanswered)
        return Unknown(
            code=verdict.rule,
            subject=verdict.resource,
            says=f"{thing}{cost}: whether it is waste ({verdict.says}) hangs on what is not known: {missing}.",
            evidence=verdict.evidence,
            quantity=first.quantity,
            why=first.why,
            how=first.how,
            could_be="medium",
        )
    if verdict.verdict == "protected":
        return Pass(
            code=verdict.rule,
            subject=verdict.resource,
            says=f"keep {thing}{cost}: it looks {_looks(verdict)} and buys {verdict.buys}",
            policy="costs.resize.limit" if "headroom" in verdict.guards_hit else None,
            evidence=verdict.evidence if verdict.order != "right_size" else [*verdict.evidence, *loads],
        )
    saved = facts.number("resource.saving", verdict.resource)
    floor = policy["costs.saving.floor"]
    proven = verdict.verdict == "waste"
    amount = "" if saved is None else f"; without it the bill drops by {show(saved.value, saved.record.unit)} a month"
    nothing = "; a commitment pays it, so by itself it saves nothing" if saved is None and proven else ""
    return Finding(
        code=verdict.rule,
        subject=verdict.resource,
        severity="medium" if proven and saved is not None and floor.exceeded(saved.value) else "low",
        says=f"{thing}{cost}: {verdict.says}{amount}{nothing}",
        matters="Paid every month and used by nobody." if proven else "Only its owner can say whether it is needed.",
        do=f"{verdict.next_step} Way back: {verdict.reversible}. Check: {verdict.verify}",
        evidence=[*verdict.evidence, *([saved.id] if saved is not None else [])],
        policy="costs.saving.floor",
    )


def _looks(verdict: Verdict) -> str:
    return "unused" if verdict.order == "clean_up" else verdict.says
