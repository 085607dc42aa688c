"""Is there memory left to programs, now and over time?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.lasting import Use, context, lasting, own_memory_limit
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

USE = Use(
    quantity="memory.used",
    sustained="health.memory.sustained",
    now="health.memory.now",
    code="memory_short",
    label="the memory of {name}",
    matters="At the end of memory the kernel swaps or kills: services stall or vanish.",
    do="Find what holds it (ps --sort=-rss), mend leaks and cache sizes, then add memory if the need is real.",
)


@check(
    title="memory left on the machine",
    quantities=("memory.used", "memory.used.sustained"),
    policies=("health.memory.sustained", "health.memory.now", "sustained.minutes"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Memory that is not available, not memory that is not free: caches do not count."""
    if own_memory_limit(facts):
        yield from context(facts, USE.code, USE.quantity, "the machine's memory is used for")
        return
    yield from lasting(facts, policy, USE)
