"""Does each declared user journey work from its first step to its last?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import asked_from, of_how_many

NOBODY = "nothing listens on"


@check(
    title="declared user journeys work",
    quantities=("journey.ok", "journey.step.failed"),
    policies=("health.journey.ok",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A journey that fails is down for users, whatever a health path answers."""
    rule = policy["health.journey.ok"]
    for ok in facts.numbers("journey.ok"):
        name = ok.subject.removeprefix("journey:")
        says = f"The journey {name} worked in {shown(ok)} of {of_how_many(ok, 'run')} ({asked_from(ok, '')})"
        if not rule.undercut(ok.value):
            yield Pass(
                code="journey_failing",
                subject=ok.subject,
                says=says,
                evidence=[ok.id],
                policy=rule.id,
                user_facing=True,
            )
            continue
        steps = facts.all("journey.step.failed", ok.subject)
        failed = f": {steps[0].value}" if steps else ""
        yield Finding(
            code="journey_failing",
            subject=ok.subject,
            severity=rule.severity,
            policy=rule.id,
            user_facing=True,
            says=f"{says}, floor {limit(rule)}{failed}",
            evidence=[ok.id, *(step.id for step in steps)],
            matters="Users cannot finish what they came for, even where a health check stays green.",
            do="Start what should listen there, or correct the address of the step."
            if NOBODY in failed
            else "Repeat the failing step by hand and follow it through the service's log.",
        )
    yield from facts.unknowns(
        "journey.ok",
        "journey_failing",
        "Whether users can finish what they came for was not measured: {name}.",
        "medium",
        policy=rule.id,
        user_facing=True,
    )
