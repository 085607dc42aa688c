"""Did work stand still for lack of CPU, memory or disk over the last five minutes?"""

from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.lasting import context, own_memory_limit, part_of_the_cpus
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown

KINDS = (
    ("psi.cpu.some", "health.psi.cpu", "at least one task waited for a CPU"),
    ("psi.memory.full", "health.psi.memory", "all tasks that had work waited for memory"),
    ("psi.io.full", "health.psi.io", "all tasks that had work waited for input or output"),
)

DO = {
    "psi.cpu.some": "Find what uses the CPU (top, pidstat 1), then move or stop what need not run now.",
    "psi.memory.full": "Find what fills the memory (top, ps by RSS), then free it or add memory.",
    "psi.io.full": "Find what reads and writes most (iotop, pidstat -d 1), then take it off this disk.",
}


@check(
    title="work that stood still (pressure)",
    quantities=tuple(quantity for quantity, _, _ in KINDS),
    policies=tuple(rule for _, rule, _ in KINDS),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Five-minute averages of the machine, and of the control group where it has limits."""
    for quantity, rule, what in KINDS:
        limited = part_of_the_cpus(facts) if quantity == "psi.cpu.some" else own_memory_limit(facts)
        if limited:
            yield from context(facts, "pressure", quantity, f"on the machine {what} for")
        judged = Facts([each for each in facts.evidence if not (limited and each.subject.startswith("host:"))])
        yield from above(
            judged,
            policy,
            quantity=quantity,
            rules=(rule,),
            code="pressure",
            what=_saying(what),
            matters="A task that waits keeps its users waiting; how many tasks did is not in this number.",
            do=DO[quantity],
        )


def _saying(what: str) -> Callable[[Number], str]:
    def says(number: Number) -> str:
        kind, _, name = number.subject.partition(":")
        where = "" if kind == "host" else f" in the control group {name}"
        return f"{what}{where} for {shown(number)} of the last 5 minutes"

    return says
