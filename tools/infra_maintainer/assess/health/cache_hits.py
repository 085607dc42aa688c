"""Do look-ups in each cache find what they ask for?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(title="hit rate of each cache over the window", quantities=("cache.hits",), policies=("health.cache.hits",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Do look-ups in each cache find what they ask for?"""
    yield from above(
        facts,
        policy,
        quantity="cache.hits",
        rules=("health.cache.hits",),
        code="cache_hits",
        what=lambda n: f"{place(n.subject)}: {shown(n)} of the look-ups were found",
        matters="Each miss is a slow answer from what stands behind the cache.",
        do="See which keys are asked for and absent, and whether they expire or are evicted too early.",
        too_low=True,
    )
