"""Which single loss takes a journey down, and is it accepted?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.yes_no import name, said


@check(
    title="single points of failure",
    quantities=("topology.single_points", "topology.single_point", "topology.undescribed"),
    policies=("recovery.single_points",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """By the declared topology only: what is not declared is unknown, and counted as such."""
    rule = policy["recovery.single_points"]
    for point in facts.all("topology.single_point"):
        accepted = facts.one("topology.accepted", point.subject)
        if accepted is not None:
            says = f"The loss of {name(point)} alone takes down {point.value}; accepted: {accepted.value}."
            evidence = [point.id, accepted.id]
            yield Pass(code="single_point", subject=point.subject, says=says, evidence=evidence, policy=rule.id)
            continue
        yield Finding(
            code="single_point",
            subject=point.subject,
            severity=rule.severity,
            says=f"The loss of {name(point)} alone takes down {point.value}.",
            matters="It will fail one day, and then every user of that journey waits until it is replaced.",
            do="Put a second one beside it, or accept it in [[accepted_risk]] with the reason and a date.",
            evidence=[point.id],
            policy=rule.id,
        )
    for count in facts.numbers("topology.single_points"):
        if count.value == 0:
            says = f"No single declared thing takes the journey {name(count.record)!r} down."
            yield Pass(code="single_point", subject=count.subject, says=says, evidence=[count.id], policy=rule.id)
    for bare in facts.numbers("topology.undescribed"):
        if bare.value:
            yield Unknown(
                code="topology_incomplete",
                subject=bare.subject,
                says=f"{shown(bare)} declared services have no declared instance{said(bare.record)}.",
                evidence=[bare.id],
                policy=rule.id,
                quantity="topology.single_points",
                why="not_configured",
                how="declare their [[instance]] with host and zone",
                could_be="medium",
            )
    says = "Which single loss takes users down is not known: the topology is not declared."
    yield from facts.unknowns("topology.single_points", "single_point", says, "medium", policy=rule.id)
