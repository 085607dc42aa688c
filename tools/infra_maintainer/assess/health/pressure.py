"""Did work stand still for lack of CPU, memory or disk over the last five minutes?"""

from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.lasting import context, own_memory_limit, part_of_the_cpus
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown

KINDS = (
    ("psi.cpu.some", "health.psi.cpu", "some work waited for a CPU"),
    ("psi.memory.full", "health.psi.memory", "all work waited for memory"),
    ("psi.io.full", "health.psi.io", "all work waited for input or output"),
)


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
            matters="This is time in which users waited for nothing but resources.",
            do="See which resource it is, then which program (pidstat, iotop, the group's own pressure files).",
        )


def _saying(what: str) -> Callable[[Number], str]:
    def says(number: Number) -> str:
        kind, _, name = number.subject.partition(":")
        where = "" if kind == "host" else f" in the control group {name}"
        return f"{what}{where} for {shown(number)} of the last 5 minutes"

    return says
