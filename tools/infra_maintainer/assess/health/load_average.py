"""Did more tasks want a CPU or a disk than there are CPUs, on average over fifteen minutes?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.lasting import context, part_of_the_cpus
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(
    title="load against CPUs over fifteen minutes",
    quantities=("load.per_core",),
    policies=("health.load.long.high", "health.load.long"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The kernel's fifteen-minute average; inside a CPU limit it is about others."""
    if part_of_the_cpus(facts):
        yield from context(facts, "load_high", "load.per_core", "the machine's load per CPU over 15 minutes is")
        return
    yield from above(
        facts,
        policy,
        quantity="load.per_core",
        rules=("health.load.long.high", "health.load.long"),
        code="load_high",
        what=lambda n: f"load per CPU over 15 minutes is {shown(n)}",
        matters="Work waits before it starts: every request takes longer than it needs.",
        do="See whether tasks wait for CPU (top) or for disks (state D in ps), and take away the larger.",
    )
