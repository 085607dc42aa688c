"""Does a declared backup name every declared data set, and is anything declared at all?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.yes_no import must_be, name


@check(
    title="declared data has a backup",
    quantities=("backup.declared", "data.backed_up"),
    policies=("recovery.data.backed_up",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """On a machine where nothing is declared this asks; it does not accuse."""
    yield from must_be(
        facts,
        policy,
        quantity="data.backed_up",
        rule="recovery.data.backed_up",
        code="data_not_backed_up",
        bad=lambda r: f"No declared backup protects {name(r)!r}.",
        good=lambda r: f"A declared backup names {name(r)!r}.",
        matters="When its disk or server is lost, this data is gone for good.",
        do="Back it up and name it in `protects` of a [[backup]]; then run a drill.",
        unknown="Whether declared data has a backup is not known.",
    )
    declared = facts.number("backup.declared")
    if declared is not None and declared.value == 0 and not facts.all("data.backed_up"):
        yield Unknown(
            code="nothing_declared",
            subject=declared.subject,
            says="Is there data here that must come back after a loss? Nothing is declared, so nothing was checked.",
            evidence=[declared.id],
            quantity="backup.declared",
            why="not_configured",
            how="declare [[backup]] and [[dataset]] in infra.toml, or none when nothing here is worth keeping",
            could_be="critical",
        )
