"""Is somebody at work on the exact ages: how far, or when and how did it end?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown

STATE, SHARE, ENDED = "patch.exact.state", "patch.exact.share", "patch.exact.ended"
AGAIN = "start it again (exact = true; command line: --exact --background): it continues where it ended"


@check(title="exact ages in the background", quantities=(STATE, SHARE, ENDED))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A run that has ended is told with its age; one under way or cut short leaves ages open, and says how to go on."""
    state = facts.one(STATE)
    if state is None:
        return
    share, ended = facts.number(SHARE), facts.number(ENDED)
    says = f"the exact run of the background is {state.value}"
    if share:
        says += f": {shown(share)} of the pending fixes looked up"
    if ended:
        says += f", ended {shown(ended)} ago"
    evidence = [state.id, *(each.id for each in (share, ended) if each)]
    if state.value == "finished":
        yield Pass(code="patch_exact_run", subject=state.subject, says=says, evidence=evidence)
        return
    yield Unknown(
        code="patch_exact_run",
        subject=state.subject,
        quantity=STATE,
        why="no_data",
        says=says,
        how="ask again in a few minutes" if state.value == "under way" else AGAIN,
        could_be="low",
        evidence=evidence,
    )
