"""What breaks first: the limits in order, each with the load at which and the range of dates by which it is reached."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import seen, series, spoken
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown

NEVER = float("inf")
WORD = {"capacity.break_load": "breaks", "capacity.bend": "stops to scale"}


@check(
    title="what breaks, at what load, by which date",
    quantities=("capacity.multiple", "forecast.breach.early80"),
    policies=("capacity.breach.soon", "capacity.breach", "capacity.breach.likely"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Ordered by the early end of the date range, then by the multiple of the peak that fits."""
    early = {number.subject: number for number in facts.numbers("forecast.breach.early80")}
    rows = sorted(
        facts.numbers("capacity.multiple"),
        key=lambda n: (n.value >= 1, early[_dated(n)].value if _dated(n) in early else NEVER, n.value),
    )
    for place, number in enumerate(rows, start=1):
        yield from _one(facts, policy, place, number)
    for number in facts.numbers("capacity.bend"):
        yield from _bend(facts, number)
    for each in [*facts.missing("capacity.break_load"), *facts.missing("capacity.bend")]:
        yield Unknown(
            code="bottlenecks",
            subject=each.subject,
            quantity=each.quantity,
            says=f"The load at which {spoken(each.subject)} {WORD[each.quantity]}: {each.detail}",
            why=each.why,
            how=each.how,
            evidence=[each.id],
            could_be="medium",
        )
    if not rows:
        yield Unknown(
            code="bottlenecks",
            subject="system:declared",
            quantity="capacity.multiple",
            says="What breaks first is not known: no peak was measured.",
            why="no_data",
            how="keep a history: infra-maintainer watch, sysstat, or [[history]]",
            could_be="high",
        )


def _undated(facts: Facts, policy: Policy, number: Number, says: str, ids: list[str]) -> Outcome:
    """No date is no calm: what more likely than not comes is a finding, what cannot be told is unknown."""
    rule, share = policy["capacity.breach.likely"], facts.number("forecast.breach.share", _dated(number))
    refused = next((each for each in facts.missing("forecast.breach.middle", _dated(number))), None)
    if share is not None and rule.exceeded(share.value):
        return Finding(
            code="bottlenecks",
            subject=number.subject,
            severity=rule.severity,
            says=f"{says}; {shown(share)} of the simulated paths reach the limit within the horizon",
            matters="The busiest hours will more likely than not be over the limit, though nobody can say when.",
            do="Make room now, and look at the forecast again every week.",
            evidence=[*ids, share.id],
            policy=rule.id,
        )
    if refused is not None and refused.detail.startswith("wide"):
        return Unknown(
            code="bottlenecks",
            subject=number.subject,
            quantity="forecast.breach.middle",
            says=says,
            why=refused.why,
            how=refused.how,
            evidence=ids,
            could_be="high",
        )
    return Pass(code="bottlenecks", subject=number.subject, says=says, evidence=ids)


def _bend(facts: Facts, number: Number) -> Iterator[Outcome]:
    names = ("capacity.bend.low95", "capacity.bend.high95", "capacity.bend.in_flight", "service.in_flight")
    low, high, flight, seen = (facts.number(name, number.subject) for name in names)
    if low and high and flight and seen:
        says = (
            f"{spoken(number.subject)}: throughput ends at {shown(number)} ({shown(low)} to {shown(high)}) with "
            f"{shown(flight)} in flight; up to {shown(seen)} were observed"
        )
        ids = [number.id, low.id, high.id, flight.id, seen.id]
        yield Pass(code="bottlenecks", subject=number.subject, says=says, evidence=ids)


def _dated(number: Number) -> str:
    """The series whose forecast dates this limit."""
    return series("service.load", number.subject) if number.subject.startswith("service:") else number.subject


def _one(facts: Facts, policy: Policy, place: int, number: Number) -> Iterator[Outcome]:
    subject = number.subject
    about = spoken(subject)
    ids, says = [number.id], f"{about}: limit at {shown(number)} times {seen(facts, number)}"
    broken = facts.number("capacity.break_load", subject)
    low, high = (facts.number(f"capacity.break_load.{end}", subject) for end in ("low95", "high95"))
    reach = facts.number("capacity.break_load.multiple", subject)
    if broken and low and high and reach:
        ids += [broken.id, low.id, high.id, reach.id]
        says += f"; breaks at {shown(broken)} ({shown(low)} to {shown(high)}), {shown(reach)} times the load observed"
        says += ", a guess" if reach.value > 2 else ""
    wait = facts.number("capacity.wait", subject)
    if wait:
        ids.append(wait.id)
        says += f"; at the limit a request waits {shown(wait)} times its own service time (queueing bound)"
    begin = facts.number("forecast.breach.early80", _dated(number))
    end = facts.number("forecast.breach.late80", _dated(number))
    if begin is None:
        missing = facts.missing("forecast.breach.middle", _dated(number))
        why = (
            f"; no date: {missing[0].detail.removeprefix('no_trend: ')}"
            if missing
            else "; no date: not within the horizon, or no forecast"
        )
        ids += [each.id for each in missing[:1]]
        yield _undated(facts, policy, number, says + why, ids)
        return
    ids += [begin.id, *([end.id] if end else [])]
    says += f"; reached in {shown(begin)} to {shown(end) if end else 'later than the horizon'} (80 % range)"
    rules = (policy["capacity.breach.soon"], policy["capacity.breach"])
    rule = next((each for each in rules if begin.value <= each.number), None)
    if rule is None:
        yield Pass(code="bottlenecks", subject=subject, says=says, evidence=ids)
        return
    yield Finding(
        code="bottlenecks",
        subject=subject,
        severity=rule.severity,
        says=says,
        matters="From then on the busiest hours are over the limit: waiting, errors, or a full disk.",
        do=f"Have more room for {about} in service before the early end of the range.",
        evidence=ids,
        policy=rule.id,
    )
