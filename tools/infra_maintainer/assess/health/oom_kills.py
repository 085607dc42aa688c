"""Did the kernel kill processes for lack of memory?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.evidence.show import many


@check(title="processes killed for lack of memory", quantities=("oom.kills",), policies=("health.oom.kills",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Since boot, and how long that is: an old kill is not told as today's news."""
    uptime = facts.number("uptime")
    since = "boot" if uptime is None else f"boot, {shown(uptime)} ago"

    for outcome in above(
        facts,
        policy,
        quantity="oom.kills",
        rules=("health.oom.kills",),
        code="oom_kill",
        what=lambda n: f"{many(round(n.value), 'process', 'processes')} killed for lack of memory since {since}",
        matters="A process that is killed takes its users' requests with it, and may come back in a loop.",
        do="See which one and when (journalctl -k --grep 'Out of memory'), then its peak need against the memory.",
    ):
        if uptime is None or isinstance(outcome, Unknown):
            yield outcome
        else:
            yield outcome.model_copy(update={"evidence": [*outcome.evidence, uptime.id]})
