"""Where do users wait, and what explains it?

Shares of the users' own waiting time come first (route, upstream), then what stands behind them (statements, machine).
At most two causes are named, each with what would rule it out; where nothing explains the wait, that is the answer.
"""

from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.traffic import name_of, place, samples
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.show import show

RULES = ("health.traffic.latency.p99", "health.traffic.latency.p95")
FEWEST = 20
STANDS_OUT = 2.0
MOSTLY = 50.0
LEAST_SHARE = 20.0
HOW = "log upstream times, declare the [[database]] behind it, or trace one slow request"


class Cause(NamedTuple):
    """One explanation: how much of the wait it could hold, in per cent, and what would show it wrong."""

    weight: float
    says: str
    rule_out: str
    evidence: list[str]


@check(
    title="where users wait and what explains it",
    quantities=(
        "traffic.time.share",
        "traffic.time.upstream",
        "upstream.time.share",
        "db.query.share",
        "db.queries.since",
        "cpu.utilisation",
    ),
    policies=RULES,
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One outcome per log whose users wait too long; a pass where they do not."""
    for subject in [each for each in facts.subjects("traffic.time") if each.startswith("traffic:")]:
        log = subject.partition(":")[2]
        routes = sorted(
            (n for n in facts.numbers("traffic.time.share") if n.subject.startswith(f"route:{log}:")),
            key=lambda each: -each.value,
        )
        slow = [each for each in routes if _is_slow(facts, policy, each.subject)]
        if not slow:
            says = f"{name_of(subject)}: no route is slow enough to look for a bottleneck"
            ids = [each.id for each in routes[:1]]
            yield Pass(code="bottleneck", subject=subject, says=says, evidence=ids, policy=RULES[1])
            continue
        route = slow[0]
        causes = sorted(_causes(facts, log, route), key=lambda each: -each.weight)[:2]
        head = f"Users wait most in {name_of(route.subject)}: {shown(route)} of all waiting time"
        if not causes:
            yield Unknown(
                code="bottleneck",
                subject=subject,
                says=f"{head}; what holds it up cannot be told from here.",
                evidence=[route.id],
                quantity="traffic.time.upstream",
                why="no_data",
                how=HOW,
                could_be="medium",
            )
            continue
        told = "; ".join(f"cause {n}: {each.says} (ruled out if {each.rule_out})" for n, each in enumerate(causes, 1))
        yield Finding(
            code="bottleneck",
            subject=route.subject,
            severity="medium",
            says=f"{head}; {told}",
            matters="Work on anything else does not make it faster for anybody.",
            do="Check the first cause by what would rule it out, then mend it and compare the same percentiles.",
            evidence=[route.id, *(id for each in causes for id in each.evidence)],
            user_facing=True,
        )


def _is_slow(facts: Facts, policy: Policy, subject: str) -> bool:
    p99, p95 = facts.number("traffic.latency", subject, "p99"), facts.number("traffic.latency", subject, "p95")
    if p99 is None or p95 is None or samples(p95) < FEWEST:
        return False
    return policy[RULES[0]].exceeded(p99.value) or policy[RULES[1]].exceeded(p95.value)


def _causes(facts: Facts, log: str, route: Number) -> Iterator[Cause]:
    inside = facts.number("traffic.time.upstream", route.subject)
    if inside is not None and inside.value < MOSTLY:
        yield Cause(
            100 - inside.value,
            f"only {shown(inside)} of that wait is in an upstream, the rest in the server in front or slow clients",
            "requests from the server itself are as slow",
            [inside.id],
        )
    behind = [*_upstreams(facts, log), *_statements(facts, log)]
    yield from behind
    if inside is not None and inside.value >= MOSTLY:
        yield from _application(facts, log, inside, explained=sum(each.weight for each in behind))
    for cpu in facts.numbers("cpu.utilisation.sustained"):
        if cpu.value > 80:
            yield Cause(
                40, f"{place(cpu.subject)} is busy: {shown(cpu)} of its CPU", "it stays slow at night", [cpu.id]
            )


def _application(facts: Facts, log: str, inside: Number, explained: float) -> Iterator[Cause]:
    """The application itself, for what neither one slow server nor a statement explains."""
    if inside.value - explained <= LEAST_SHARE:
        return
    shares = [n for n in facts.numbers("upstream.time.share") if n.subject.startswith(f"upstream:{log}:")]
    most = max((each for each in shares if each.value > MOSTLY), key=lambda each: each.value, default=None)
    where = f", {name_of(most.subject)} has {shown(most)} of the time of all" if most else ""
    told, ids = _beside_statements(facts, log)
    yield Cause(
        inside.value - explained,
        f"the application: {shown(inside)} of the route's wait is in its upstreams{where}; {told}",
        "a trace of one slow request there shows it waiting for something else",
        [inside.id, *([most.id] if most else []), *ids],
    )


def _beside_statements(facts: Facts, log: str) -> tuple[str, list[str]]:
    """Whether it could as well be the database: what its statements took beside what users waited, each in its time."""
    waited = facts.number("traffic.time", f"traffic:{log}")
    spent = [each for each in facts.numbers("db.query.time") if each.subject.startswith("database:")]
    if waited is None or not spent:
        return "a database that it waits for is not told apart: no statement times of a [[database]] are known", []
    each = "; ".join(f"all statements of {place(one.subject)} took {shown(one)}{_since(facts, one)}" for one in spent)
    ids = [id for one in spent for id in (one.id, *(n.id for n in _ages(facts, one.subject)))]
    return f"{each}, beside the {shown(waited)} that users waited{_over(waited)}", [*ids, waited.id]


def _ages(facts: Facts, database: str) -> list[Number]:
    age = facts.number("db.queries.since", database)
    return [] if age is None else [age]


def _since(facts: Facts, spent: Number) -> str:
    ages = _ages(facts, spent.subject)
    return f" in {shown(ages[0])}" if ages else " since their reset"


def _over(number: Number) -> str:
    window = _window_s(number)
    return f" in {show(window, 's')}" if window else ""


def _window_s(number: Number) -> float | None:
    return number.record.window if isinstance(number.record, Measured) else None


def _upstreams(facts: Facts, log: str) -> Iterator[Cause]:
    tails = [
        each
        for each in facts.numbers("upstream.latency", stat="p95")
        if each.subject.startswith(f"upstream:{log}:") and samples(each) >= FEWEST
    ]
    for tail in tails:
        others = sorted(each.value for each in tails if each.subject != tail.subject)
        share = facts.number("upstream.time.share", tail.subject)
        if share is None or not others or tail.value < STANDS_OUT * others[len(others) // 2]:
            continue
        yield Cause(
            share.value,
            f"{name_of(tail.subject)} with P95 {shown(tail)} holds {shown(share)} of the time in all, others are fast",
            "P95 stays the same while it is taken out",
            [tail.id, share.id],
        )


def _statements(facts: Facts, log: str) -> Iterator[Cause]:
    waited = facts.number("traffic.time", f"traffic:{log}")
    for database in [each for each in facts.subjects("db.query.time") if each.startswith("database:")]:
        spent, name = facts.number("db.query.time", database), database.partition(":")[2]
        found = [each for each in facts.numbers("db.query.share") if each.subject.startswith(f"query:{name}:")]
        top = max(found, key=lambda each: each.value, default=None)
        if spent is None or waited is None or top is None or waited.value == 0:
            continue
        inside = min(100.0, spent.value * _part_in_the_log(facts, spent, waited) / waited.value * 100)
        if inside * top.value / 100 < LEAST_SHARE:
            continue
        yield Cause(
            inside * top.value / 100,
            f"{place(top.subject)} takes {shown(top)} of all statement time, {shown(spent)}{_since(facts, spent)}, "
            f"beside the {shown(waited)} that users waited{_over(waited)}",
            "the route is as slow while this statement is fast",
            [top.id, spent.id, *(each.id for each in _ages(facts, database)), waited.id],
        )


def _part_in_the_log(facts: Facts, spent: Number, waited: Number) -> float:
    """Statements that were counted for longer than the log lasts: the part of their time that falls into it."""
    ages, window = _ages(facts, spent.subject), _window_s(waited)
    return min(1.0, window / ages[0].value) if ages and window and ages[0].value > 0 else 1.0
