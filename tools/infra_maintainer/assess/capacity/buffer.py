"""The buffer to hold, its price a month, and the risk of going without."""

from collections.abc import Iterator
from math import ceil

from infra_maintainer.assess.arithmetic.capacity import seen, spoken
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.evidence.show import many


@check(
    title="buffer to hold and its price",
    quantities=("capacity.buffer.instances", "capacity.buffer.price"),
    policies=("capacity.buffer",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Instances for the measured peak plus the buffer with one lost, beside what runs now."""
    rule = policy["capacity.buffer"]
    found = facts.numbers("capacity.buffer.instances")
    for number in found:
        price = facts.number("capacity.buffer.price", number.subject)
        ids = [number.id, *([price.id] if price else [])]
        name = spoken(number.subject)
        cost = f"monthly price {shown(price)}" if price else "price not known"
        if number.value == 0:
            says = f"{name} holds {seen(facts, number)} plus the policy's {limit(rule)} with one lost: nothing to add"
            yield Pass(code="buffer_kept", subject=number.subject, says=says, evidence=ids, policy=rule.id)
        else:
            lacks = f"{name} lacks {many(ceil(number.value), 'instance')}"
            yield Finding(
                code="buffer_kept",
                subject=number.subject,
                severity=rule.severity,
                says=f"{lacks} for {seen(facts, number)} plus the policy's {limit(rule)} with one lost; {cost}",
                matters="Without it an ordinary busy day with one machine down is an outage.",
                do="Add the missing instances, or write down who accepts the risk.",
                evidence=ids,
                policy=rule.id,
            )
        if price is None:
            missing = facts.missing("instance.price", number.subject)
            yield Unknown(
                code="buffer_kept",
                subject=number.subject,
                quantity="capacity.buffer.price",
                says=f"What the buffer of {name} costs is not known.",
                why=missing[0].why if missing else "not_configured",
                how="declare price_per_month and currency in [[service]]",
                evidence=[missing[0].id] if missing else [],
                could_be="low",
            )
    if not found:
        yield Unknown(
            code="buffer_kept",
            subject="system:declared",
            quantity="capacity.buffer.instances",
            says="The buffer to hold is not known: it needs the load, the instances and what one carries.",
            why="not_configured",
            how="declare [[service]] instances, [[scaling]] sustains_per_instance and a [[history]] of service.load",
            policy=rule.id,
            could_be="medium",
        )
