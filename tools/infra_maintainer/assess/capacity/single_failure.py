"""What happens when one instance is lost, by arithmetic on the measured peak; one instance alone caps the verdict."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import seen, spoken
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.evidence.model import Declared


@check(
    title="loss of one instance",
    quantities=("capacity.loss.use", "service.instances"),
    policies=("capacity.single_failure", "capacity.redundancy"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Per service: one instance is a single point of failure; with more, the rest must carry the peak."""
    rule = policy["capacity.single_failure"]
    alone = policy["capacity.redundancy"]
    for number in facts.numbers("service.instances"):
        if alone.undercut(number.value):
            yield _too_few(number, alone)
            continue
        yield Pass(
            code="redundancy",
            subject=number.subject,
            says=_runs_on(number),
            evidence=[number.id],
            policy=alone.id,
        )
    for number in facts.numbers("capacity.loss.use"):
        times = facts.number("capacity.multiple.after_loss", number.subject)
        ids = [number.id, *([times.id] if times else [])]
        name = spoken(number.subject)
        says = f"With one instance of {name} lost, the rest runs at {shown(number)} of what it carries"
        says += f", at {seen(facts, number)}"
        if not rule.exceeded(number.value):
            yield Pass(code="single_failure", subject=number.subject, says=says, evidence=ids, policy=rule.id)
            continue
        yield Finding(
            code="single_failure",
            subject=number.subject,
            severity=rule.severity,
            says=says,
            matters="One lost machine at the peak takes the others down with it; retries make it worse.",
            do="Hold one instance more than the peak needs.",
            evidence=ids,
            policy=rule.id,
        )
    judged = {number.subject for number in facts.numbers("capacity.loss.use")}
    single = {number.subject for number in facts.numbers("service.instances") if alone.undercut(number.value)}
    asked = {*facts.subjects("service.instances"), *(m.subject for m in facts.missing("service.instances"))}
    for subject in sorted(asked - judged - single) or ([] if asked else ["system:declared"]):
        yield Unknown(
            code="single_failure",
            subject=subject,
            quantity="capacity.loss.use",
            says=f"What the loss of one instance does to {spoken(subject)} is not known.",
            why="not_configured",
            how="declare instances and [[scaling]] sustains_per_instance, and a [[history]] of service.load",
            policy=rule.id,
            could_be="high",
        )
    for each in facts.missing("service.instances"):
        yield Unknown(
            code="redundancy",
            subject=each.subject,
            quantity="service.instances",
            says=f"How many instances {spoken(each.subject)} has is not known.",
            why=each.why,
            how=each.how,
            evidence=[each.id],
            policy=alone.id,
            could_be="high",
        )


def _too_few(number: Number, rule: Threshold) -> Finding:
    single = number.value <= 1
    return Finding(
        code="redundancy",
        subject=number.subject,
        severity=rule.severity,
        says=f"{_runs_on(number)}: {'its loss is an outage' if single else rule.words}",
        matters="Users are down for as long as it takes to replace it, whatever the headroom."
        if single
        else "The owner's rule asks for more, so that users keep what they need when one is lost.",
        do="Run two, in two places, behind a balancer that checks them."
        if rule.number == 2
        else f"Run {rule.told}, in different places, behind a balancer that checks them.",
        evidence=[number.id],
        policy=rule.id,
    )


def _runs_on(number: Number) -> str:
    what = "instance" if number.value == 1 else "instances"
    return f"{spoken(number.subject)} runs on {shown(number)} {what}{_declared(number)}"


def _declared(number: Number) -> str:
    return ", as declared" if isinstance(number.record, Declared) else ""
