"""Was it ever restored, lately, with success, and completely?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Known
from infra_maintainer.assess.model import Finding, Pass, Severity
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.yes_no import name, said

HOPE = "Nobody knows whether the data would come back, or how long users would wait."
DRILL = "Run a drill: infra-maintainer recovery --drill {} (it asks first and touches nothing but a scratch place)."
DAY_S = 86_400
# Issues of a failed drill that are not worth a pager: the data came back.
MILDER: dict[str, Severity] = {"roles-not-in-backup": "high", "manifest-unreadable": "medium"}


@check(
    title="restore drills",
    quantities=("drill.count", "drill.age", "drill.passed", "drill.completeness"),
    policies=(
        "recovery.drill.tested",
        "recovery.drill.days",
        "recovery.drill.passed",
        "recovery.drill.proven",
    ),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """No drill is never a pass. A stopped drill says nothing about the backup."""
    for record in facts.all("drill.count"):
        if record.value == 0:
            yield _never(record, policy)
    for record in facts.all("drill.passed"):
        yield from _newest(facts, record, policy)
    yield from _age(facts, policy)
    rule, says = policy["recovery.drill.tested"], "Whether {name} was ever restored is not known."
    yield from facts.unknowns("drill.count", "never_tested", says, rule.severity, policy=rule.id)


def _never(record: Known, policy: Policy) -> Finding:
    rule = policy["recovery.drill.tested"]
    return Finding(
        code="never_tested",
        subject=record.subject,
        severity=rule.severity,
        says=f"Never tested: no restore drill of {name(record)!r} is on record.",
        matters=HOPE,
        do=DRILL.format(name(record)),
        evidence=[record.id],
        policy=rule.id,
    )


def _newest(facts: Facts, passed: Known, policy: Policy) -> Iterator[Outcome]:
    subject = passed.subject
    if not passed.value:
        for issue in facts.all("drill.issue", subject):
            yield Finding(
                code=str(issue.value).replace("-", "_"),
                subject=subject,
                severity=MILDER.get(str(issue.value), policy["recovery.drill.passed"].severity),
                says=f"The newest drill of {name(passed)!r} failed: {issue.value}{said(issue)}.",
                matters="The newest copy did not bring the data back as it should.",
                do="Fix the cause, make a new copy, and drill again until it passes.",
                evidence=[issue.id, passed.id],
                policy="recovery.drill.passed",
            )
        return
    count, done, bound = (facts.number(q, subject) for q in ("drill.count", "drill.succeeded", "drill.lower_bound"))
    if count is None or done is None or bound is None:  # the ledger could not be read: this one was made just now
        says = f"A drill of {name(passed)!r} succeeded; how many succeeded before it is not known."
        yield Pass(
            code="drill_passed", subject=subject, says=says, evidence=[passed.id], policy="recovery.drill.passed"
        )
        yield from _completeness(facts, subject, policy)
        return
    yield Pass(
        code="drill_passed",
        subject=subject,
        says=(
            f"{shown(done)} of {shown(count)} drills of {name(passed)!r} succeeded; that supports a success rate of at "
            f"least {shown(bound)}, not certainty."
        ),
        evidence=[passed.id, done.id, count.id, bound.id],
        policy="recovery.drill.passed",
    )
    yield from _completeness(facts, subject, policy)


def _completeness(facts: Facts, subject: str, policy: Policy) -> Iterator[Outcome]:
    record = facts.one("drill.completeness", subject)
    if record is None:
        return
    rule = policy["recovery.drill.proven"]
    says = f"The content of {name(record)!r} after the restore was {record.value}."
    if record.value in ("exact", "every file by its checksum"):
        yield Pass(code="no_manifest", subject=subject, says=says, evidence=[record.id], policy=rule.id)
        return
    yield Finding(
        code="no_manifest",
        subject=subject,
        severity=rule.severity,
        says=says,
        matters="Rows that were never in the copy are not missed by any restore.",
        do="Make the dump with: infra-maintainer backup-manifest, which writes down what the database held.",
        evidence=[record.id],
        policy=rule.id,
    )


def _age(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    rule = policy["recovery.drill.days"]
    for age in facts.numbers("drill.age"):
        says = f"The newest validated drill of {name(age.record)!r} is {shown(age)} old (limit {rule.number:g} d)."
        if not rule.exceeded(age.value / DAY_S):
            yield Pass(code="drill_overdue", subject=age.subject, says=says, evidence=[age.id], policy=rule.id)
            continue
        yield Finding(
            code="drill_overdue",
            subject=age.subject,
            severity=rule.severity,
            says=says,
            matters="What worked then was another system with other data.",
            do=DRILL.format(name(age.record)),
            evidence=[age.id],
            policy=rule.id,
        )
