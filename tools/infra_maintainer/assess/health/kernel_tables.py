"""Are tables of the kernel about to run full?"""

from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(
    title="open files and tracked connections",
    quantities=("files.open", "conntrack.used"),
    policies=("health.files.open", "health.conntrack.used"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Stocks with a hard end, so that one look is enough."""
    for quantity, rule, name, matters in (
        ("files.open", "health.files.open", "open files", "no program can open a file or accept a connection"),
        ("conntrack.used", "health.conntrack.used", "tracked connections", "new connections get no answer"),
    ):
        yield from above(
            facts,
            policy,
            quantity=quantity,
            rules=(rule,),
            code=f"{name.replace(' ', '_')}_high",
            what=_saying(name),
            matters=f"At the maximum {matters}.",
            do="Find who holds them (lsof, conntrack -S), close what leaks, then raise the maximum.",
        )


def _saying(name: str) -> Callable[[Number], str]:
    return lambda n: f"{name} are at {shown(n)} of their maximum"
