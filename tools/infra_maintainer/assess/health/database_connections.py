"""Is there room for one more client of each database?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(
    title="room for connections to each database",
    quantities=("db.connections.used",),
    policies=("health.db.connections.critical", "health.db.connections"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Is there room for one more client of each database?"""
    yield from above(
        facts,
        policy,
        quantity="db.connections.used",
        rules=("health.db.connections.critical", "health.db.connections"),
        code="database_connections",
        what=lambda n: f"{place(n.subject)}: {shown(n)} of the connections that clients may have are used",
        matters="When the last one is taken, new users get errors at once.",
        do="Find who holds them idle, put a pooler in front, and only then raise max_connections.",
        user_facing=True,
    )
