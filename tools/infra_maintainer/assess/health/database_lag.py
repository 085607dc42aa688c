"""Are replicas close behind?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(title="lag of database replicas", quantities=("db.lag.time",), policies=("health.db.lag.time",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Are replicas close behind?"""
    yield from above(
        facts,
        policy,
        quantity="db.lag.time",
        rules=("health.db.lag.time",),
        code="replica_lag",
        what=lambda n: f"{place(n.subject)}: {shown(n)} behind",
        matters="Readers of the replica see old data, and a fail-over now would lose it.",
        do="See whether the replica lacks disk or CPU, or a long query there holds replay back.",
    )
