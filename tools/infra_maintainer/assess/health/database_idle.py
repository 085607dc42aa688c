"""Does a session hold a transaction open and do nothing?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(
    title="transactions held open by idle sessions",
    quantities=("db.idle_in_transaction.age",),
    policies=("health.db.idle_in_transaction",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Does a session hold a transaction open and do nothing?"""
    yield from above(
        facts,
        policy,
        quantity="db.idle_in_transaction.age",
        rules=("health.db.idle_in_transaction",),
        code="idle_in_transaction",
        what=lambda n: f"{place(n.subject)}: the oldest idle transaction is {shown(n)} old",
        matters="It holds its locks, and dead rows pile up behind it: others get slower.",
        do="Find the client that forgot to commit, and set idle_in_transaction_session_timeout.",
    )
