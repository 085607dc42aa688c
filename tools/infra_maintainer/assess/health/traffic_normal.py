"""Is it slower than it normally is at this hour of the week?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import name_of


@check(
    title="P95 against the same hour of the last four weeks",
    quantities=("traffic.latency.normal", "traffic.latency"),
    policies=("health.traffic.normal",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Above twice normal; without the history normal is unknown, not whatever is measured now."""
    rule = policy["health.traffic.normal"]
    for normal in facts.numbers("traffic.latency.normal"):
        now = facts.number("traffic.latency", normal.subject, "p95")
        if now is None or normal.value == 0:
            continue
        says = f"{name_of(normal.subject)}: P95 {shown(now)}, normally {shown(normal)} at this hour of the week"
        ids = [now.id, normal.id]
        if not rule.exceeded(now.value / normal.value):
            yield Pass(
                code="slower_than_normal",
                subject=normal.subject,
                says=says,
                evidence=ids,
                policy=rule.id,
                user_facing=True,
            )
            continue
        yield Finding(
            code="slower_than_normal",
            subject=normal.subject,
            severity=rule.severity,
            says=f"{says} (limit {limit(rule)} times normal)",
            matters="Users compare with yesterday: this is when they start to complain.",
            do="Look for what changed since: a release, a larger customer, a lost index, a neighbour.",
            evidence=ids,
            policy=rule.id,
            user_facing=True,
        )
    yield from facts.unknowns(
        "traffic.latency.normal", "slower_than_normal", "What is normal for {name} is not known.", "medium"
    )
