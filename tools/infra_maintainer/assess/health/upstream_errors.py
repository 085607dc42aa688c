"""Does the balancer hide a backend that fails?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import name_of, of_how_many


@check(title="failed attempts at each upstream", quantities=("upstream.errors",), policies=("health.upstream.errors",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Attempts, not final answers: a retry elsewhere does not make a backend healthy."""
    yield from above(
        facts,
        policy,
        quantity="upstream.errors",
        rules=("health.upstream.errors",),
        code="upstream_failing",
        what=lambda n: f"{name_of(n.subject)}: {shown(n)} of {of_how_many(n, 'attempt')} failed",
        matters="Users are served by the others only as long as these have room; with the next fault nobody is.",
        do="Take it out on purpose, look at its own log for these requests, and repair it before it goes back.",
        user_facing=True,
    )
