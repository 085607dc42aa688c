"""Do sessions of each database wait for locks of others?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.traffic import place


@check(
    title="sessions that wait for locks",
    quantities=("db.blocked", "db.blocked.by"),
    policies=("health.db.blocked.seconds", "health.db.blocked"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Who waits, for how long, for whom: one look, so a short wait is mild and a long one is not."""
    some, long = policy["health.db.blocked"], policy["health.db.blocked.seconds"]
    for number in facts.numbers("db.blocked"):
        says = f"{place(number.subject)}: {int(number.value)} sessions wait for locks of others"
        if not some.exceeded(number.value):
            yield Pass(code="database_blocked", subject=number.subject, says=says, evidence=[number.id], policy=some.id)
            continue
        name = number.subject.partition(":")[2]
        waits = [n for n in facts.numbers("db.blocked.by") if n.subject.startswith(f"session:{name}:")]
        longest = max(waits, key=lambda each: each.value, default=None)
        rule = long if longest is not None and long.exceeded(longest.value) else some
        told = f"; the longest for {shown(longest)}: {longest.record.source}" if longest else ""
        yield Finding(
            code="database_blocked",
            subject=number.subject,
            severity=rule.severity,
            says=says + told,
            matters="Behind each waiting session stands a user who waits, and the sessions pile up.",
            do="Look at what the holder does (its statement is in the evidence) and let it commit, or end it.",
            evidence=[number.id, *(each.id for each in waits)],
            policy=rule.id,
            user_facing=True,
        )
    yield from facts.unknowns("db.blocked", "database_blocked", "Whether sessions of {name} wait is not known.", "high")
