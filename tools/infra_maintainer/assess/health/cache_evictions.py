"""Does a cache throw away what will be asked for?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(title="evictions of each cache", quantities=("cache.evictions",), policies=("health.cache.evictions",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Does a cache throw away what will be asked for?"""
    yield from above(
        facts,
        policy,
        quantity="cache.evictions",
        rules=("health.cache.evictions",),
        code="cache_evictions",
        what=lambda n: f"{place(n.subject)}: {shown(n)} keys are evicted",
        matters="What was thrown away is asked for again and answered slowly.",
        do="Raise maxmemory or shorten the lifetime of what is seldom asked for.",
    )
