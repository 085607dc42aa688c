"""Does the machine move memory to disk and back right now?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(title="swapping", quantities=("swap.activity",), policies=("health.swap.activity",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Activity, not occupancy: swap that is full of idle pages harms nobody."""
    yield from above(
        facts,
        policy,
        quantity="swap.activity",
        rules=("health.swap.activity",),
        code="swapping",
        what=lambda n: f"swap moves {shown(n)}",
        matters="Programs wait for the disk to get their own memory: everything is slow at once.",
        do="Give the largest program less to do or the machine more memory.",
    )
