"""How much of the last thirty days was each watched target up?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(
    title="availability of watched targets over thirty days",
    quantities=("metrics.availability",),
    policies=("health.metrics.availability",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The least available ones; an outage that began before the window counts for all of it."""
    yield from above(
        facts,
        policy,
        quantity="metrics.availability",
        rules=("health.metrics.availability",),
        code="target_unavailable",
        what=lambda n: f"{place(n.subject)}: up for {shown(n)} of the time it was watched in thirty days",
        matters="Users of what runs there had nothing for the rest of the time.",
        do="See when it was down and why; planned downtime counts too, users did not plan it.",
        too_low=True,
    )
