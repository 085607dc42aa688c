"""Which large B-tree indexes are half empty, so that a build anew is worth its price?"""

from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import place
from infra_maintainer.evidence.show import many

LEAST, MOST = "db.index.bloat.least", "db.index.bloat.most"
NAMED = 5
MEASURE = "SELECT avg_leaf_density FROM pgstatindex('its name') (extension pgstattuple; reads the whole index)"


class _Estimate(NamedTuple):
    """One index: both ends of its estimate, its size, and the bytes at the low end."""

    least: Number
    most: Number
    size: Number
    spare: Number

    @property
    def shown(self) -> str:
        """The range for people."""
        low, high = shown(self.least), shown(self.most)
        return high if low == high else f"{low.removesuffix(' %')} to {high}"


@check(
    title="bloat of B-tree indexes",
    quantities=(LEAST, MOST, "db.index.size", "db.index.spare", "db.index.unused"),
    policies=("health.db.index.bloat", "health.db.index.bloat.spare"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A finding where even the low end of the estimate is worth a rebuild; unknown where only the high end is."""
    rule, floor = policy["health.db.index.bloat"], policy["health.db.index.bloat.spare"]
    undecided: dict[str, list[_Estimate]] = {}
    well: dict[str, list[_Estimate]] = {}
    for each in _estimates(facts):
        database = f"database:{each.least.subject.split(':')[1]}"
        if rule.exceeded(each.least.value) and floor.exceeded(each.spare.value):
            yield _finding(each, facts.number("db.index.unused", each.least.subject), policy)
        elif rule.exceeded(each.most.value) and floor.exceeded(each.size.value * each.most.value / 100):
            undecided.setdefault(database, []).append(each)
        else:
            well.setdefault(database, []).append(each)
    for database, estimates in undecided.items():
        yield _unknown(database, estimates, rule)
    for database, estimates in well.items():
        number = many(len(estimates), "large B-tree index", "large B-tree indexes")
        says = f"{place(database)}: {number} not worth a rebuild by an estimate (limits {limit(rule)}, {limit(floor)})"
        ids = [each.most.id for each in estimates[:NAMED]]
        yield Pass(code="index_bloat", subject=database, says=says, evidence=ids, policy=rule.id)
    says = "How much of the large indexes of {name} is empty is not known."
    yield from facts.unknowns(LEAST, "index_bloat", says, rule.severity, policy=rule.id)


def _estimates(facts: Facts) -> Iterator[_Estimate]:
    for least in facts.numbers(LEAST):
        others = [facts.number(each, least.subject) for each in (MOST, "db.index.size", "db.index.spare")]
        known = [each for each in others if each is not None]
        if len(known) == len(others):
            yield _Estimate(least, *known)


def _finding(each: _Estimate, unused: Number | None, policy: Policy) -> Finding:
    rule, floor = policy["health.db.index.bloat"], policy["health.db.index.bloat.spare"]
    first = "See first whether it can go: no scan of it is counted. " if unused else ""
    return Finding(
        code="index_bloat",
        subject=each.least.subject,
        severity=rule.severity,
        says=f"{place(each.least.subject)}: by an estimate {each.shown} of its {shown(each.size)} is empty, at least"
        f" {shown(each.spare)} (limits {limit(rule)}, {limit(floor)})",
        matters="Memory and every vacuum carry it for nothing, and no vacuum makes the index smaller.",
        do=f"{first}Measure it: {MEASURE}. Then REINDEX INDEX CONCURRENTLY: it reads the table twice, writes a second"
        " copy and as much log (have the disk free, here and on replicas), and waits for every older transaction.",
        evidence=[number.id for number in (*each, *([unused] if unused else []))],
        policy=rule.id,
    )


def _unknown(database: str, estimates: list[_Estimate], rule: Threshold) -> Unknown:
    ranges = "; ".join(f"{each.least.subject.split(':', 2)[2]} {each.shown}" for each in estimates[:NAMED])
    more = f" and of {len(estimates) - NAMED} more" if len(estimates) > NAMED else ""
    return Unknown(
        code="index_bloat",
        subject=database,
        says=f"{place(database)}: whether indexes are worth a rebuild is not known: by an estimate {ranges}{more}"
        f" is empty (limit {limit(rule)})",
        evidence=[number.id for each in estimates[:NAMED] for number in (each.least, each.most)],
        policy=rule.id,
        quantity=LEAST,
        why="no_data",
        detail="the size hangs on how many different keys, nulls and long values there are: statistics leave it open",
        how=f"measure one of them: {MEASURE}",
        could_be=rule.severity,
    )
