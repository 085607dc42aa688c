"""Do the database's access rules ask for proof, over an encrypted connection?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import none_of
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(
    title="access rules of PostgreSQL",
    quantities=("database.access.rules.weak",),
    policies=("security.database.access",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """trust anywhere; password, md5 or a connection in clear off loopback."""
    yield from none_of(
        facts,
        policy,
        quantity="database.access.rules.weak",
        rule="security.database.access",
        code="database_access_weak",
        what="access rules trust, ask too little or talk in clear",
        matters="Whoever reaches the port reads the customers' data.",
        do="Use hostssl with scram-sha-256 for named users and addresses; peer on the local socket.",
    )
