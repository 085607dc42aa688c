"""Does the container have memory left within its own limit?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.lasting import Use, lasting
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above
from infra_maintainer.evidence.show import many

USE = Use(
    quantity="cgroup.memory.used",
    sustained="health.cgroup.memory.sustained",
    now="health.cgroup.memory.now",
    code="container_memory_short",
    label="the memory limit of the control group {name}",
    matters="At its limit the kernel kills the container's processes, with the requests they serve.",
    do="Find what grows, mend it, or raise the limit.",
)


@check(
    title="memory left within the container's limit",
    quantities=("cgroup.memory.limited", "cgroup.memory.used", "cgroup.memory.oom_kills"),
    policies=("health.cgroup.memory.sustained", "health.cgroup.memory.now", "health.cgroup.oom"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each group above this process that limits memory."""
    yield from facts.unknowns(
        "cgroup.memory.limited",
        USE.code,
        "Whether a control group limits the memory of {name} could not be read.",
        "high",
        policy="health.cgroup.memory.sustained",
    )
    yield from lasting(facts, policy, USE)
    yield from above(
        facts,
        policy,
        quantity="cgroup.memory.oom_kills",
        rules=("health.cgroup.oom",),
        code="container_oom_kill",
        what=lambda n: (
            f"{many(round(n.value), 'kill')} for lack of memory in control group {n.subject.partition(':')[2]}"
        ),
        matters="A process that is killed takes its users' requests with it.",
        do="Compare the limit with what the program needs at its peak.",
    )
