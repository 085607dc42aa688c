"""Does a runbook say who, what, how long, and was it tried?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.yes_no import name, said

STUCK = "In an incident people stand before a page that does not help them."


@check(
    title="runbooks",
    quantities=("runbook.steps", "runbook.owner", "runbook.test.age", "runbook.dead_links"),
    policies=("recovery.runbook.steps", "recovery.runbook.days", "recovery.runbook.dead_links"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """What the file says, and no more: a date written into it is declared, not measured."""
    rule = policy["recovery.runbook.steps"]
    for steps in facts.numbers("runbook.steps"):
        says = f"The runbook {name(steps.record)!r} has {shown(steps)} numbered steps."
        if not rule.undercut(steps.value):
            yield Pass(code="runbook_steps", subject=steps.subject, says=says, evidence=[steps.id], policy=rule.id)
            continue
        yield Finding(
            code="runbook_steps",
            subject=steps.subject,
            severity=rule.severity,
            says=says,
            matters=STUCK,
            do="Write the steps with a number each, and how long each takes.",
            evidence=[steps.id],
            policy=rule.id,
        )
    yield from above(
        facts,
        policy,
        quantity="runbook.dead_links",
        rules=("recovery.runbook.dead_links",),
        code="runbook_dead_links",
        what=lambda n: f"{shown(n)} links of the runbook {name(n.record)!r} lead nowhere{said(n.record)}",
        matters=STUCK,
        do="Correct the links.",
    )
    yield from above(
        facts,
        policy,
        quantity="runbook.test.age",
        rules=("recovery.runbook.days",),
        code="runbook_untested",
        what=lambda n: f"The runbook {name(n.record)!r} states that it was last tested {shown(n)} ago",
        matters="Steps that nobody tried lately fail when they are needed.",
        do="Let somebody else follow it once, and write the date into it.",
    )
    says = "Whether people would find the steps of a recovery is not known."
    yield from facts.unknowns("runbook.steps", "runbook_steps", says, "medium", policy=rule.id)
    says = "The runbook does not name its owner."
    yield from facts.unknowns("runbook.owner", "runbook_owner", says, "low")
