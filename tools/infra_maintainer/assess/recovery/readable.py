"""Can each repository be opened with its declared key, and is there a copy in it?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.yes_no import must_be, name, said

LOSS = "A loss today could not be undone: there is nothing to restore from."


@check(
    title="repositories open and hold copies",
    quantities=("backup.readable", "backup.copies"),
    policies=("recovery.backup.readable", "recovery.backup.copies"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """An open repository without one finished copy is no backup."""
    yield from must_be(
        facts,
        policy,
        quantity="backup.readable",
        rule="recovery.backup.readable",
        code="repo_unreadable",
        bad=lambda r: f"The repository of {name(r)!r} cannot be opened{said(r)}.",
        good=lambda r: f"The repository of {name(r)!r} opens with the declared key.",
        matters=LOSS,
        do="Find the right key and place, from the escrow if need be, and run a drill with it.",
        unknown="Whether the repository can be opened is not known.",
    )
    rule = policy["recovery.backup.copies"]
    for number in facts.numbers("backup.copies"):
        says = f"{shown(number)} finished copies of {name(number.record)!r} are listed."
        if not rule.undercut(number.value):
            yield Pass(code="no_backup", subject=number.subject, says=says, evidence=[number.id], policy=rule.id)
            continue
        yield Finding(
            code="no_backup",
            subject=number.subject,
            severity=rule.severity,
            says=says,
            matters=LOSS,
            do="Look at the backup job's own output, make a copy, then run a drill.",
            evidence=[number.id],
            policy=rule.id,
        )
