"""Are replicas close behind, and still connected?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import place

MATTERS = "Readers of the replica see old data, and a fail-over now would lose it."


@check(
    title="lag of database replicas",
    quantities=("db.lag.time", "db.lag.bytes", "db.replay.paused", "db.standby.receiving"),
    policies=("health.db.lag.time", "health.db.lag.bytes", "health.db.standby.receiving"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Time first; bytes where no time is known or it is still short. A standby without its primary is cut off."""
    time, size = policy["health.db.lag.time"], policy["health.db.lag.bytes"]
    subjects = dict.fromkeys([*facts.subjects("db.lag.time"), *facts.subjects("db.lag.bytes")])
    for subject in subjects:
        seconds, held = facts.number("db.lag.time", subject), facts.number("db.lag.bytes", subject)
        broken = next(
            (rule for rule, number in ((time, seconds), (size, held)) if number and rule.exceeded(number.value)), None
        )
        if seconds is not None or broken is not None:
            yield _told(facts, subject, seconds, held, broken, broken or time)
    yield from _cut_off(facts, policy["health.db.standby.receiving"])
    says = "How far {name} is behind is not known."
    yield from facts.unknowns("db.lag.time", "replica_lag", says, time.severity, policy=time.id)
    for each in facts.unknowns("db.lag.bytes", "replica_lag", says, time.severity, policy=time.id):
        if not facts.missing("db.lag.time", each.subject) and each.subject not in subjects:
            yield each


def _told(
    facts: Facts, subject: str, seconds: Number | None, held: Number | None, broken: Threshold | None, rule: Threshold
) -> Outcome:
    most = "at most " if seconds is not None and seconds.record.source.startswith("at most") else ""
    parts = [f"{most}{shown(seconds)} behind"] if seconds is not None else []
    parts += [f"{shown(held)} of log not replayed"] if held is not None else []
    paused = facts.one("db.replay.paused", subject)
    parts += ["its replay is paused"] if paused is not None and paused.value is True else []
    ids = [each.id for each in (seconds, held, paused) if each is not None]
    says = f"{place(subject)}: {', '.join(parts)} (limit {limit(rule)})"
    if broken is None:
        return Pass(code="replica_lag", subject=subject, says=says, evidence=ids, policy=rule.id)
    return Finding(
        code="replica_lag",
        subject=subject,
        severity=broken.severity,
        says=says,
        matters=MATTERS,
        do="Let it go on: pg_wal_replay_resume()."
        if paused is not None and paused.value is True
        else "See whether the replica lacks disk or CPU, or a long query there holds replay back.",
        evidence=ids,
        policy=broken.id,
    )


def _cut_off(facts: Facts, rule: Threshold) -> Iterator[Outcome]:
    for each in facts.all("db.standby.receiving"):
        where = place(each.subject)
        if each.value is True:
            says = f"{where}: receives from its primary"
            yield Pass(code="standby_cut_off", subject=each.subject, says=says, evidence=[each.id], policy=rule.id)
            continue
        yield Finding(
            code="standby_cut_off",
            subject=each.subject,
            severity=rule.severity,
            says=f"{where}: receives nothing from its primary, and looks replayed to the end for that reason",
            matters=MATTERS,
            do="See its log: the primary may be down, unreachable, refuse it, or have removed the log it needs.",
            evidence=[each.id],
            policy=rule.id,
        )
    says = "Whether {name} still receives from its primary is not known."
    yield from facts.unknowns("db.standby.receiving", "standby_cut_off", says, rule.severity, policy=rule.id)
