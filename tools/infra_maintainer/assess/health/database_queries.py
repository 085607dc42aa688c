"""In which statements of each database do users wait most?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import place
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.show import many

FEWEST_SCANS = 20
MOSTLY = 50.0


@check(
    title="statements by the time users wait in them, and tables read from end to end",
    quantities=(
        "db.query.time",
        "db.query.share",
        "db.query.calls",
        "db.query.latency",
        "db.table.scanned",
        "db.tables.scans",
    ),
    policies=("health.db.scan.rows",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A ranking by total time, and a finding for each large table that most of its queries read whole."""
    for database in [each for each in facts.subjects("db.query.time") if each.startswith("database:")]:
        name = database.partition(":")[2]
        ranked = _ranked(facts, name)
        if ranked:
            yield _ranking(facts, database, ranked[:3])
    rule = policy["health.db.scan.rows"]
    whole: set[str] = set()
    for rows in facts.numbers("db.table.scanned"):
        share = facts.number("db.table.scans", rows.subject)
        if share is None or not rule.exceeded(rows.value) or share.value < MOSTLY or _n(rows) < FEWEST_SCANS:
            continue
        _, name, table = rows.subject.split(":", 2)
        whole.add(f"database:{name}")
        culprit = next((q for q in _ranked(facts, name) if table.rsplit(".", 1)[-1] in _text(q)), None)
        told = f"; most time in it: {place(culprit.subject)}, {shown(culprit)} of all statement time" if culprit else ""
        yield Finding(
            code="table_read_whole",
            subject=rows.subject,
            severity=rule.severity,
            says=f"{place(rows.subject)}: {shown(share)} of its scans read it from end to end, {int(rows.value)} rows "
            f"on average (limit {limit(rule)}){told}",
            matters="Each of these queries takes longer with every row that is added, and users wait for it.",
            do="Explain the statement in the evidence and add an index on the column it filters by.",
            evidence=[rows.id, share.id, *([culprit.id] if culprit else [])],
            policy=rule.id,
        )
    for scans in facts.numbers("db.tables.scans"):
        if scans.subject not in whole:
            says = (
                f"{place(scans.subject)}: no large table is mostly read from end to end, in {shown(scans)} scans of all"
            )
            yield Pass(code="table_read_whole", subject=scans.subject, says=says, evidence=[scans.id], policy=rule.id)
    yield from facts.unknowns(
        "db.tables.scans", "table_read_whole", "Whether tables of {name} are read from end to end is not known.",
        rule.severity, policy=rule.id,
    )  # fmt: skip
    yield from facts.unknowns(
        "db.query.time", "database_queries", "In which statements users of {name} wait is not known.", "medium"
    )


def _ranked(facts: Facts, name: str) -> list[Number]:
    found = [each for each in facts.numbers("db.query.share") if each.subject.startswith(f"query:{name}:")]
    return sorted(found, key=lambda each: -each.value)


def _ranking(facts: Facts, database: str, ranked: list[Number]) -> Pass:
    parts: list[str] = []
    ids: list[str] = []
    for share in ranked:
        calls = facts.number("db.query.calls", share.subject)
        mean = facts.number("db.query.latency", share.subject, "mean")
        longest = facts.number("db.query.latency", share.subject, "max")
        if calls is None or mean is None or longest is None:
            continue
        parts.append(f"{shown(share)} ({many(int(calls.value), 'call')}, mean {shown(mean)}, longest {shown(longest)})")
        ids += [share.id, calls.id, mean.id, longest.id]
    head = f"{place(database)}: most statement time, by the statements that the evidence quotes"
    says = f"{head}: {'; '.join(parts)}; no percentiles are kept"
    return Pass(code="database_queries", subject=database, says=says, evidence=ids)


def _n(number: Number) -> int:
    return number.record.n or 0 if isinstance(number.record, Measured) else 0


def _text(number: Number) -> str:
    return number.record.quote or "" if isinstance(number.record, Measured) else ""
