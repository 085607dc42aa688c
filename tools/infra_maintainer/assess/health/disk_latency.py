"""Do disks answer in time?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.lasting import Use, unknown_if_it_lasts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, limit, shown

MATTERS = "Whatever reads or writes waits: databases first, then everyone who asks them."
DO = "Find who writes (iotop, pidstat -d 1), move backups to quiet hours, or take a faster volume."

BUSY = Use(
    quantity="disk.busy",
    stat="mean",
    sustained="health.disk.busy.sustained",
    now="health.disk.busy.sustained",
    code="disk_saturated",
    label="the time of {name}",
    matters=MATTERS,
    do=DO,
)


@check(
    title="disk latency and utilisation",
    quantities=("disk.await", "disk.busy", "disk.busy.sustained"),
    policies=("health.disk.await", "health.disk.busy.sustained"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Latency is what users feel. A busy disk may still have room (SSDs work in parallel): only lasting counts."""
    for outcome in above(
        facts,
        policy,
        quantity="disk.await",
        rules=("health.disk.await",),
        code="disk_slow",
        what=lambda n: f"requests to {n.subject.partition(':')[2]} take {shown(n)} on average",
        matters=MATTERS,
        do=DO,
    ):
        if not (isinstance(outcome, Unknown) and facts.numbers("disk.busy", outcome.subject)):
            yield outcome  # a disk that was watched and got no request waits for nobody
    rule = policy["health.disk.busy.sustained"]
    for kept in facts.numbers("disk.busy.sustained"):
        now = facts.number("disk.busy", kept.subject)
        says = f"{kept.subject.partition(':')[2]} was never less busy than {shown(kept)} in the time kept"
        ids = [kept.id] if now is None else [now.id, kept.id]
        if rule.exceeded(kept.value) and (now is None or rule.exceeded(now.value)):
            yield Finding(
                code="disk_saturated",
                subject=kept.subject,
                severity=rule.severity,
                says=f"{says} (limit {limit(rule)})",
                matters=MATTERS,
                do=DO,
                evidence=ids,
                policy=rule.id,
            )
        else:
            yield Pass(code="disk_saturated", subject=kept.subject, says=says, evidence=ids, policy=rule.id)
    for busy in facts.numbers("disk.busy"):
        if rule.exceeded(busy.value) and facts.number("disk.busy.sustained", busy.subject) is None:
            yield unknown_if_it_lasts(facts, policy, BUSY, busy)
