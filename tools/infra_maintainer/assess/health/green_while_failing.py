"""Do health checks stay green while users fail?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.traffic import name_of, samples


@check(
    title="health checks that stay green while users fail",
    quantities=("traffic.health.errors", "traffic.errors"),
    policies=("health.traffic.errors",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Compares the health checks' own requests with those of users in the same log; silent when both agree."""
    rule = policy["health.traffic.errors"]
    for checks in facts.numbers("traffic.health.errors"):
        users = facts.number("traffic.errors", checks.subject)
        if users is None or not rule.exceeded(users.value) or rule.exceeded(checks.value):
            continue
        yield Finding(
            code="green_while_users_fail",
            subject=checks.subject,
            severity=rule.severity,
            says=f"{name_of(checks.subject)}: {samples(checks):,} health checks saw {shown(checks)} failures while "
            f"users saw {shown(users)} of {samples(users):,}",
            matters="Everything that relies on the health check, alerts and balancers, believes that all is well.",
            do="Let the check do what users do: go through the dependencies that failed here.",
            evidence=[checks.id, users.id],
            policy=rule.id,
            user_facing=True,
        )
