"""Would a drill notice a bad copy, and could one be made here at all?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.yes_no import must_be, name, said


@check(
    title="drills notice bad copies",
    quantities=("drill.canary.passed", "drill.obstacle"),
    policies=("recovery.drill.canary",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A drill that was impossible says nothing about the backup: it is unknown, with the obstacle named."""
    for record in facts.all("drill.obstacle"):
        yield Unknown(
            code="drill_not_possible",
            subject=record.subject,
            says=f"The newest drill of {name(record)!r} could not be made here: {record.value}{said(record)}.",
            evidence=[record.id],
            quantity="drill.passed",
            why="error",
            how="remove the obstacle, then run the drill again",
            could_be="high",
        )
    yield from must_be(
        facts,
        policy,
        quantity="drill.canary.passed",
        rule="recovery.drill.canary",
        code="canary_passed",
        bad=lambda r: f"A drill of {name(r)!r} passed although its copy had been damaged on purpose.",
        good=lambda r: f"A copy of {name(r)!r} damaged on purpose made its drill fail, as it must.",
        matters="Passed drills of this backup prove nothing until that is understood.",
        do="Report it: this is a fault of the drill, or the damage hit nothing that is checked.",
        unknown="Whether a drill would notice a bad copy is not known.",
    )
