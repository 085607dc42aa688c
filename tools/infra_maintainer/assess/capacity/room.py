"""How much growth fits before the first limit, and which limit that is."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import seen, spoken
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown


@check(title="growth that fits before the first limit", quantities=("capacity.multiple",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The smallest multiple of the measured peak that still fits; below one the limit is already passed."""
    found = sorted(facts.numbers("capacity.multiple"), key=lambda number: number.value)
    if not found:
        yield Unknown(
            code="growth_room",
            subject="system:declared",
            quantity="capacity.multiple",
            says="How much growth fits is not known: no peak was measured.",
            why="no_data",
            how="keep a history: infra-maintainer watch, sysstat, or [[history]]",
            could_be="high",
        )
        return
    first = found[0]
    says = f"{shown(first)} times {seen(facts, first)} fits; the first limit is that of {spoken(first.subject)}"
    if not facts.all("service.load"):
        says += "; of traffic this says nothing: no load of users was measured"
    others = [number.id for number in found[1:4]]
    if first.value >= 1:
        yield Pass(code="growth_room", subject=first.subject, says=says, evidence=[first.id, *others])
        return
    yield Finding(
        code="growth_room",
        subject=first.subject,
        severity="high",
        says=f"No growth fits, the limit is passed: {says}",
        matters="The limit is already passed at the busiest times; nothing is left for an ordinary rise.",
        do=f"Add capacity to {spoken(first.subject)}, or take load off its peak, before anything else.",
        evidence=[first.id, *others],
    )
