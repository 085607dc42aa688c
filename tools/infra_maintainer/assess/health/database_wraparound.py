"""How far is each database from refusing writes for want of transaction numbers?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(
    title="transaction numbers left", quantities=("db.xid.age",), policies=("health.db.xid.critical", "health.db.xid")
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """How far is each database from refusing writes for want of transaction numbers?"""
    yield from above(
        facts,
        policy,
        quantity="db.xid.age",
        rules=("health.db.xid.critical", "health.db.xid"),
        code="database_wraparound",
        what=lambda n: f"{place(n.subject)}: the oldest transaction has used {shown(n)} of the numbers there are",
        matters="At the end the database stops taking writes until a vacuum of hours or days is done.",
        do="End the oldest transaction or slot that holds vacuum back, then VACUUM FREEZE the oldest tables.",
    )
