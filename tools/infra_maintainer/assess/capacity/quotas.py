"""Licences and quotas, which nobody watches until they are used up."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import spoken
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown


@check(title="licences and quotas", quantities=("quota.limit", "quota.used"), policies=("capacity.quota",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Used against the declared limit."""
    rule = policy["capacity.quota"]
    for most in facts.numbers("quota.limit"):
        used = facts.number("quota.used", most.subject)
        if used is None:
            yield Unknown(
                code="quota",
                subject=most.subject,
                quantity="quota.used",
                says=f"How much of {spoken(most.subject)} is used is not known (limit {shown(most)}).",
                why="not_configured",
                how="declare used in [[quota]], with its date",
                evidence=[most.id],
                policy=rule.id,
                could_be=rule.severity,
            )
            continue
        says = f"{spoken(most.subject)}: {shown(used)} of {shown(most)} used (declared)"
        if not rule.exceeded(used.value / most.value * 100):
            yield Pass(code="quota", subject=most.subject, says=says, evidence=[used.id, most.id], policy=rule.id)
            continue
        yield Finding(
            code="quota",
            subject=most.subject,
            severity=rule.severity,
            says=f"{says}, above {limit(rule)}",
            matters="At the end of a quota new users, machines or requests are refused, whatever room is left.",
            do="Ask the provider for more now; it takes days.",
            evidence=[used.id, most.id],
            policy=rule.id,
        )
