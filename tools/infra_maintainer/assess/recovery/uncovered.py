"""Databases that no backup includes, and backups that nobody declared."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.yes_no import name, said


@check(
    title="databases never included, backups never declared",
    quantities=("data.uncovered", "backup.undeclared"),
    policies=("recovery.data.uncovered",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The living catalogue against the declared backups; undeclared repositories are named and not judged."""
    yield from above(
        facts,
        policy,
        quantity="data.uncovered",
        rules=("recovery.data.uncovered",),
        code="database_never_backed_up",
        what=lambda n: f"{shown(n)} databases on {name(n.record)} are in no declared backup{said(n.record)}",
        matters="They are lost with their server, although every backup job is green.",
        do="Include them, or say in infra.toml what protects them.",
    )
    for number in facts.numbers("backup.undeclared"):
        if number.value:
            yield Unknown(
                code="undeclared_backups",
                subject=number.subject,
                says=f"{shown(number)} places look like backups and are not declared{said(number.record)}.",
                evidence=[number.id],
                quantity="backup.undeclared",
                why="not_configured",
                how="declare them as [[backup]] to have them checked and drilled",
                could_be="low",
            )
