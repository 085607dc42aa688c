"""A sudden multiple of the peak against what is sustained, with one instance lost, and the time to scale."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import seen, spoken
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Severity, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown


@check(
    title="spikes",
    quantities=("spike.gap", "spike.load", "spike.instances"),
    policies=("capacity.spike.campaign", "capacity.spike.viral", "capacity.spike.asked"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each spike that was asked, declared or assumed by policy."""
    gaps = facts.numbers("spike.gap")
    for gap in gaps:
        yield from _one(facts, policy, gap)
    if not gaps:
        yield Unknown(
            code="spike",
            subject="system:declared",
            quantity="spike.gap",
            says="What spike is sustained is not known: it needs the load, the instances and what one carries.",
            why="not_configured",
            how="declare [[service]] instances, [[scaling]] sustains_per_instance and a [[history]] of service.load",
            could_be="high",
        )


def _one(facts: Facts, policy: Policy, gap: Number) -> Iterator[Outcome]:
    service, _, name = gap.subject.removeprefix("spike:").rpartition("/")
    subject = f"service:{service}"
    times, load = facts.number("spike.multiple", gap.subject), facts.number("spike.load", gap.subject)
    needed, price = facts.number("spike.instances", gap.subject), facts.number("spike.price", gap.subject)
    holds = facts.number("capacity.multiple", subject)
    after = facts.number("capacity.multiple.after_loss", subject)
    if not (times and load and needed and holds and after):
        return
    scale = facts.number("scaling.time", subject)
    severity, rule = _severity(policy, name)
    ids = [each.id for each in (times, load, holds, after, needed, gap, price, scale) if each]
    assumed = "assumption of policy, nothing was stated" if name in ("campaign", "viral") else "as stated"
    says = (
        f"{name} ({assumed}): {shown(times)} times {seen(facts, load)} is {shown(load)}; sustained are "
        f"{shown(holds)} times, {shown(after)} with one instance lost; "
        f"{shown(needed)} instances are needed, {shown(gap)} more than now"
    )
    says += f", monthly price {shown(price)}" if price else ", price not known"
    says += f"; one more takes {shown(scale)} to serve, as declared" if scale else "; the time to scale is not known"
    if after.value >= times.value:
        yield Pass(code="spike", subject=gap.subject, says=says, evidence=ids, policy=rule)
    else:
        yield Finding(
            code="spike",
            subject=gap.subject,
            severity=severity,
            says=says,
            matters="What comes above the sustained multiple before new capacity serves is turned away or waits.",
            do="Start the missing instances before the day, test once at that load, and shed or queue what is beyond.",
            evidence=ids,
            policy=rule,
        )
    if scale is None:
        missing = facts.missing("scaling.time", subject)
        yield Unknown(
            code="spike",
            subject=gap.subject,
            quantity="scaling.time",
            says=f"How long until a new instance of {spoken(subject)} serves is not known.",
            why=missing[0].why if missing else "not_configured",
            how="time one: from the decision to its first answered request; declare time_to_scale_s in [[scaling]]",
            evidence=[missing[0].id] if missing else [],
            could_be="medium",
        )


def _severity(policy: Policy, name: str) -> tuple[Severity, str]:
    rule = f"capacity.spike.{name}" if name in ("campaign", "viral") else "capacity.spike.asked"
    return policy[rule].severity, rule
