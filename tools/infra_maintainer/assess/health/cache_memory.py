"""Is each cache far from its memory limit?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(title="memory of each cache", quantities=("cache.memory.used",), policies=("health.cache.memory",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Is each cache far from its memory limit?"""
    yield from above(
        facts,
        policy,
        quantity="cache.memory.used",
        rules=("health.cache.memory",),
        code="cache_memory",
        what=lambda n: f"{place(n.subject)}: {shown(n)} of maxmemory is used",
        matters="At the limit the cache drops keys or refuses writes.",
        do="Look for keys without expiry and for the largest ones, then raise maxmemory if the growth is real.",
    )
