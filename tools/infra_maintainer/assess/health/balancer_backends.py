"""Do all servers behind each balancer take requests?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(
    title="servers behind each balancer", quantities=("balancer.backends.up",), policies=("health.balancer.backends",)
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Do all servers behind each balancer take requests?"""
    yield from above(
        facts,
        policy,
        quantity="balancer.backends.up",
        rules=("health.balancer.backends",),
        code="backends_down",
        what=lambda n: f"{place(n.subject)}: {shown(n)} of its servers take requests",
        matters="The front looks green while the room for the next fault is gone.",
        do="Look at the servers that are out: their health check says why in the balancer's own status.",
        user_facing=True,
        too_low=True,
    )
