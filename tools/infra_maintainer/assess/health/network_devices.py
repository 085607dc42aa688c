"""Do network devices lose packets?"""

from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(
    title="network errors and drops",
    quantities=("network.errors", "network.drops"),
    policies=("health.network.errors", "health.network.drops"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Rates over seconds: medium at most."""
    for quantity, rule, word in (
        ("network.errors", "health.network.errors", "damaged"),
        ("network.drops", "health.network.drops", "dropped"),
    ):
        yield from above(
            facts,
            policy,
            quantity=quantity,
            rules=(rule,),
            code=f"packets_{word}",
            what=_saying(word),
            matters="Lost packets are sent again after a wait: users see pages that hang now and then.",
            do="Look at ip -s -s link and ethtool -S: cable, ring buffers, queue length, firewall.",
        )


def _saying(word: str) -> Callable[[Number], str]:
    return lambda n: f"packets {word} on {n.subject.partition(':')[2]}: {shown(n)}"
