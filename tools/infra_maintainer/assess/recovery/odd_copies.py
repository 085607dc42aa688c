"""Copies that cannot be right: from the future, all the same, or suddenly small."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, bound, shown
from infra_maintainer.assess.yes_no import name

GREEN = "The job looks green while what it keeps could not bring today's data back."
RULES = (
    "recovery.backup.future",
    "recovery.backup.frozen",
    "recovery.backup.size_share",
    "recovery.backup.least_bytes",
)


@check(
    title="copies from the future, without change, or too small",
    quantities=("backup.copies.future", "backup.frozen", "backup.size", "backup.size.share"),
    policies=RULES,
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Cheap alarms before any restore; a pass here proves little."""
    yield from above(
        facts,
        policy,
        quantity="backup.copies.future",
        rules=("recovery.backup.future",),
        code="timestamp_in_future",
        what=lambda n: f"{shown(n)} copies of {name(n.record)!r} carry a time in the future",
        matters="Such a copy stays the newest for ever, and hides that no other comes.",
        do="Set the clock of the machine that made them right, remove them, and make a new copy.",
    )
    for number in facts.numbers("backup.frozen"):
        configuration = facts.one("backup.class", number.subject)
        quiet = configuration is not None and configuration.value == "configuration"
        broken = policy["recovery.backup.frozen"].exceeded(number.value) and not quiet
        what = f"the newest {shown(number)} copies of {name(number.record)!r} hold exactly the same"
        yield _outcome(number, broken, policy["recovery.backup.frozen"], "content_frozen", what)
    for number in facts.numbers("backup.size.share"):
        rule = policy["recovery.backup.size_share"]
        what = f"the newest copy of {name(number.record)!r} has {shown(number)} of the usual size"
        yield _outcome(number, rule.undercut(number.value), rule, "size_collapsed", what)
    for number in facts.numbers("backup.size"):
        rule = policy["recovery.backup.least_bytes"]
        what = f"the newest copy of {name(number.record)!r} has {shown(number)}"
        yield _outcome(number, rule.undercut(number.value), rule, "empty_backup", what)


def _outcome(number: Number, broken: bool, rule: Threshold, code: str, what: str) -> Outcome:
    says = f"{what[:1].upper()}{what[1:]} ({bound(rule)})."
    if not broken:
        return Pass(code=code, subject=number.subject, says=says, evidence=[number.id], policy=rule.id)
    return Finding(
        code=code,
        subject=number.subject,
        severity=rule.severity,
        says=says,
        matters=GREEN,
        do="Look at what the job really reads, and run a drill on the newest copy.",
        evidence=[number.id],
        policy=rule.id,
    )
