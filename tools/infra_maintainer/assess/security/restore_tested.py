"""Theatre: a recovery plan, or backups, that nobody ever restored from."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import about
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit
from infra_maintainer.evidence.show import show

MATTERS = "On the day it is needed people find out that the backup does not restore, or how long it takes."
DO = "Run a drill for each data set: infra-maintainer recovery --drill NAME (it asks first), and again every quarter."
DAY_S = 86_400


@check(
    title="restore tests within the quarter",
    quantities=("drill.age", "drill.count", "recovery.plan"),
    policies=("security.restore.days",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """By the ledger of drills, per data set; what somebody says about it is a claim and never a pass."""
    rule = policy["security.restore.days"]
    ages = {number.subject: number for number in facts.numbers("drill.age")}
    counts = {number.subject: number for number in facts.numbers("drill.count")}
    untested = False
    for subject in dict.fromkeys([*ages, *counts]):
        age, count = ages.get(subject), counts.get(subject)
        shared = {"code": "restore_untested", "subject": subject, "policy": rule.id}
        if age and not rule.exceeded(age.value / DAY_S):
            says = f"{about(subject)}a validated restore is {show(age.value, 's')} old (limit {limit(rule)})"
            yield Pass.model_validate({**shared, "says": says, "evidence": [age.id]})
            continue
        untested = True
        old = f"the last validated restore is {show(age.value, 's')} old" if age else "never tested"
        says = f"{old} (limit {limit(rule)})"
        ids = [each.id for each in (age, count) if each]
        rest = {"severity": rule.severity, "says": about(subject) + says, "matters": MATTERS, "do": DO}
        yield Finding.model_validate({**shared, **rest, "evidence": ids})
    says = "No ledger of restore drills was seen."
    yield from facts.unknowns("drill.count", "restore_untested", says, rule.severity, policy=rule.id)
    plans = facts.all("recovery.plan")
    unread = [each for each in facts.missing("drill.count") if each.why == "error"]  # such a ledger accuses nobody
    if plans and (untested or not (ages or unread)):
        yield Finding(
            code="theatre_untested_dr",
            subject=plans[0].subject,
            severity=rule.severity,
            says="claim: there is a recovery plan; reality: no validated restore within the quarter stands behind it",
            matters=MATTERS,
            do=DO,
            evidence=[plans[0].id, *(number.id for number in counts.values())],
            policy=rule.id,
        )
