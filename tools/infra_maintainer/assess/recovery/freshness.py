"""How much data would be lost: the age of the newest copy and the widest gap, against the promise."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.yes_no import name

DO = "Find why the job did not run or did not finish, run it now, and alarm on the age of the newest copy."


@check(
    title="data that would be lost, against the target",
    quantities=("backup.age", "backup.gap", "backup.archive.age", "backup.rpo.observed"),
    policies=("recovery.rpo", "recovery.rpo.gap", "recovery.archive.age"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A schedule proves nothing; only the copies that are there do."""
    for age in facts.numbers("backup.age"):
        if facts.all("backup.archive.age", age.subject) or facts.missing("backup.archive.age", age.subject):
            continue  # with a write-ahead log the archive decides, below
        target = facts.number("backup.rpo.target", age.subject)
        if target is None:
            yield _no_target(age)
            continue
        gap = facts.number("backup.gap", age.subject)
        yield _against(age, target, policy["recovery.rpo"], "stale_backup", "the newest copy is {} old")
        if gap is not None:
            yield _against(gap, target, policy["recovery.rpo.gap"], "rpo_gap", "the longest gap lately was {}")
    for archived in facts.numbers("backup.archive.age"):
        target = facts.number("backup.rpo.target", archived.subject)
        what = "the write-ahead log was last archived {} ago"
        if target is not None:
            yield _against(archived, target, policy["recovery.rpo"], "stale_archive", what)
        else:
            rule = policy["recovery.archive.age"]
            yield _outcome(
                archived, rule.exceeded(archived.value), rule, "stale_archive", what.format(shown(archived)), []
            )
    for quantity, code in (("backup.age", "stale_backup"), ("backup.archive.age", "stale_archive")):
        says = "How much data a loss would cost is not known."
        yield from facts.unknowns(quantity, code, says, "critical", policy="recovery.rpo")


def _against(number: Number, target: Number, rule: Threshold, code: str, what: str) -> Outcome:
    broken = rule.exceeded(number.value / target.value * 100)
    says = f"{what.format(shown(number))}, the target is {shown(target)}"
    return _outcome(number, broken, rule, code, says, [target.id])


def _outcome(number: Number, broken: bool, rule: Threshold, code: str, says: str, more: list[str]) -> Outcome:
    says = f"{name(number.record)}: {says}."
    evidence = [number.id, *more]
    if not broken:
        return Pass(code=code, subject=number.subject, says=says, evidence=evidence, policy=rule.id)
    return Finding(
        code=code,
        subject=number.subject,
        severity=rule.severity,
        says=says,
        matters="After a loss users would miss everything they did since then.",
        do=DO,
        evidence=evidence,
        policy=rule.id,
    )


def _no_target(age: Number) -> Unknown:
    return Unknown(
        code="stale_backup",
        subject=age.subject,
        says=f"{name(age.record)}: the newest copy is {shown(age)} old; whether that is enough is not declared.",
        evidence=[age.id],
        policy="recovery.rpo",
        quantity="backup.rpo.target",
        why="not_configured",
        how="declare `rpo_h` of this [[backup]]; configuration is to be copied on every change",
        could_be="medium",
    )
