"""Do reads find their blocks in the database's memory?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(
    title="buffer hits of each database over the window", quantities=("db.cache.hits",), policies=("health.db.cache",)
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Do reads find their blocks in the database's memory?"""
    yield from above(
        facts,
        policy,
        quantity="db.cache.hits",
        rules=("health.db.cache",),
        code="database_cache",
        what=lambda n: f"{place(n.subject)}: {shown(n)} of the block requests were found in memory",
        matters="Each miss is a read from the disk, which users wait for.",
        do="Find the statement that reads most blocks: a missing index is likelier than too little memory.",
        too_low=True,
    )
