"""Do the database's access rules ask for proof, over an encrypted connection?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import none_of
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

ROLES = (
    (
        "database.roles.superuser",
        "security.database.superusers",
        "database_superusers",
        "[superuser logs|superusers log] in besides postgres",
    ),
    (
        "database.roles.unrestricted",
        "security.database.superusers",
        "database_unrestricted",
        "[role passes|roles pass] by row security",
    ),
    (
        "database.roles.owners",
        "security.database.owners",
        "database_owners",
        "[role logs|roles log] in and [owns|own] tables",
    ),
)


@check(
    title="access rules and roles of PostgreSQL",
    quantities=("database.access.rules.weak", *(row[0] for row in ROLES)),
    policies=("security.database.access", "security.database.superusers", "security.database.owners"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """trust anywhere; password, md5 or a connection in clear off loopback."""
    yield from none_of(
        facts,
        policy,
        quantity="database.access.rules.weak",
        rule="security.database.access",
        code="database_access_weak",
        what="access [rule trusts, asks|rules trust, ask] too little or [talks|talk] in clear",
        matters="Whoever reaches the port reads the customers' data.",
        do="Use hostssl with scram-sha-256 for named users and addresses; peer on the local socket.",
    )
    for quantity, rule, code, what in ROLES:
        yield from none_of(
            facts,
            policy,
            quantity=quantity,
            rule=rule,
            code=code,
            what=what,
            matters="Whoever takes this login has the database, and often the server under it.",
            do="Let tables belong to a role without login; grant the application what it reads and writes, no more.",
        )
