"""Is there CPU time left, now and over time, on a machine that this workload has to itself?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.lasting import Use, context, lasting, own_cpu_quota, part_of_the_cpus
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

USE = Use(
    quantity="cpu.utilisation",
    stat="mean",
    sustained="health.cpu.sustained",
    now="health.cpu.now",
    code="cpu_saturated",
    label="the CPU of {name}",
    matters="Requests wait in line for a CPU; their slowest suffer most.",
    do="Find what uses it (top, pidstat 1), stop or move what need not run now, then add CPUs if the load is real.",
)


@check(
    title="CPU time left on the machine",
    quantities=("cpu.utilisation", "cpu.utilisation.sustained", "load.per_core"),
    policies=("health.cpu.sustained", "health.cpu.now", "health.load.sustained", "sustained.minutes"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Sustained by kept samples, or by a load average of fifteen minutes beside a busy CPU (when the load is ours)."""
    if own_cpu_quota(facts):
        yield from context(facts, USE.code, USE.quantity, "the machine's CPU is busy for", "mean")
        return
    load = None if part_of_the_cpus(facts) else facts.number("load.per_core")
    yield from lasting(facts, policy, USE, sign=load, sign_rule="health.load.sustained")
