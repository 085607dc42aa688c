"""Does the container have CPU left within its own quota?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.lasting import Use, lasting
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown

USE = Use(
    quantity="cgroup.cpu.utilisation",
    stat="mean",
    sustained="health.cgroup.cpu.sustained",
    now="health.cgroup.cpu.now",
    code="container_cpu_saturated",
    label="the CPU quota of the control group {name}",
    matters="Requests wait for the quota although the host may be idle.",
    do="Raise the quota (or remove it where policy allows), or run more instances.",
)


@check(
    title="CPU left within the container's quota",
    quantities=("cgroup.cpu.limited", "cgroup.cpu.utilisation", "cgroup.cpu.throttled"),
    policies=("health.cgroup.cpu.sustained", "health.cgroup.cpu.now", "health.cgroup.cpu.throttled"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each group above this process that sets a quota."""
    yield from facts.unknowns(
        "cgroup.cpu.limited",
        USE.code,
        "Whether a control group limits the CPU of {name} could not be read.",
        "high",
        policy="health.cgroup.cpu.sustained",
    )
    yield from lasting(facts, policy, USE)
    yield from above(
        facts,
        policy,
        quantity="cgroup.cpu.throttled",
        rules=("health.cgroup.cpu.throttled",),
        code="container_throttled",
        what=lambda n: f"control group {n.subject.partition(':')[2]} was stopped in {shown(n)} of its periods",
        matters="Each stop is a pause of tens of milliseconds in somebody's request.",
        do="Raise the quota, or give the program fewer threads than the quota has CPUs.",
    )
