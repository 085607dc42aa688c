"""Days on which a service cost far more than its own week: what, by how much, and what drove it."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.evidence.model import Measured


@check(
    title="daily spend anomalies",
    quantities=("bill.anomalies", "bill.anomaly.cost", "bill.anomaly.expected"),
    policies=("costs.anomaly",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A finding per alarm; a pass when every judged series kept its pattern; too little history is unknown."""
    rule = policy["costs.anomaly"]
    yield from facts.unknowns(
        "bill.anomalies", "spend_anomaly", "Whether spend ran away could not be judged.", rule.severity, policy=rule.id
    )
    for cost in facts.numbers("bill.anomaly.cost"):
        expected = facts.number("bill.anomaly.expected", cost.subject)
        if expected is None:
            continue
        named = isinstance(cost.record, Measured) and cost.record.quote is not None
        yield Finding(
            code="spend_anomaly",
            subject=cost.subject,
            severity=rule.severity,
            says=f"{_spoken(cost.subject, shown(cost))}, where its week promised {shown(expected)}",
            matters="What runs away unnoticed is paid until somebody looks.",
            do=f"Look at what moved most against the week before{': the quote of ' + cost.id if named else ''}.",
            evidence=[cost.id, expected.id],
            policy=rule.id,
        )
    for count in facts.numbers("bill.anomalies"):
        judged = count.record.n if isinstance(count.record, Measured) else None
        if count.value == 0:
            yield Pass(
                code="spend_anomaly",
                subject=count.subject,
                says=f"no service cost far above its own week in the last 30 full days ({judged} series judged)",
                evidence=[count.id],
                policy=rule.id,
            )


def _spoken(subject: str, cost: str) -> str:
    """The service, the account and the day of an alarm in words."""
    parts = subject.partition("/")[2].split("/")
    if len(parts) < 4:
        return f"{subject} cost {cost}"
    *service, account, day = parts[1:]
    return f"{'/'.join(service)} (account {account}) cost {cost} on {day}"
