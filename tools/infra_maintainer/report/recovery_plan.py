"""The recovery plan in the maintainer's form, filled from one report. What nothing supports reads "unknown"."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Known
from infra_maintainer.assess.model import Report
from infra_maintainer.evidence.show import show
from infra_maintainer.report.text import reason

UNKNOWN = "unknown"
NOT_INCLUDED = "Detection, decision, hardware, names and cut-over are not included in any tested time."


def render_plan(report: Report) -> str:
    """Markdown: strategy, procedures, targets beside tests, single points, mitigation and accepted risks."""
    facts = Facts(report.evidence)
    backups = [each.subject for each in facts.all("drill.count")]
    parts = [
        _head(report),
        _strategy(facts, backups),
        _restores(facts, backups),
        _procedures(facts),
        _targets(facts, backups),
        _points(facts),
        _mitigation(report, facts),
        _unknowns(report),
    ]
    return "\n".join(line for part in parts for line in [*part, ""]).rstrip() + "\n"


def _head(report: Report) -> Iterator[str]:
    when = report.as_of.strftime("%Y-%m-%d %H:%M UTC")
    yield "# Disaster recovery plan"
    yield ""
    yield f"{report.verdict.upper().replace('_', ' ')}, {when}, {report.run}."
    yield f"Checked {report.coverage.checked} of {report.coverage.planned} planned. Ids in brackets are the evidence."


def _strategy(facts: Facts, backups: list[str]) -> Iterator[str]:
    yield "## Backup strategy validated"
    yield ""
    if not backups:
        yield f"Backups: {UNKNOWN}. None is declared; declare [[backup]] in infra.toml."
        return
    yield "| backup | protects | class | newest copy | longest gap | target | copies | held | to be held | encrypted |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    quantities = (
        "backup.protects", "backup.class", "backup.age", "backup.gap", "backup.rpo.target", "backup.copies",
        "backup.held", "backup.retention.target", "backup.encrypted",
    )  # fmt: skip
    for subject in backups:
        cells = [_value(facts, quantity, subject) for quantity in quantities]
        yield f"| {_name(subject)} | {' | '.join(cells)} |"


def _restores(facts: Facts, backups: list[str]) -> Iterator[str]:
    yield "### Last restore test"
    yield ""
    for subject in backups:
        count = facts.number("drill.count", subject)
        if count is None or not count.value:
            yield f"- {_name(subject)}: **never tested**{_ids(count.record if count else None)}"
            continue
        passed, done, bound = (facts.one(q, subject) for q in ("drill.passed", "drill.succeeded", "drill.lower_bound"))
        word = "passed" if passed is not None and passed.value else "FAILED"
        when = passed.as_of.strftime("%Y-%m-%d") if passed is not None else UNKNOWN
        yield (
            f"- {_name(subject)}: {when} {word}; {_plain(done)} of {_plain(count.record)} succeeded, which supports at "
            f"least {_plain(bound)}{_ids(passed, done, count.record, bound)}"
        )
        content, rows = (_value(facts, q, subject) for q in ("drill.completeness", "drill.rows"))
        size, key = (_value(facts, q, subject) for q in ("drill.restored", "drill.key"))
        yield f"  - content: {content}; rows: {rows}; restored: {size}; key from: {key}"
        if (change := facts.one("drill.observed.change", subject)) is not None:
            yield f"  - trend: the newest timed drill against those before it: {_cell(change)}"
        for issue in facts.all("drill.issue", subject):
            yield f"  - issue: {issue.value}{_ids(issue)}"


def _procedures(facts: Facts) -> Iterator[str]:
    yield "## Recovery procedures"
    yield ""
    books = facts.subjects("runbook.steps")
    if not books:
        yield f"Procedures: {UNKNOWN}. No runbook could be read; declare [[runbook]] in infra.toml."
        return
    yield "| runbook | owner | steps | with a time | last tested, by its own word | dead links |"
    yield "|---|---|---|---|---|---|"
    for subject in books:
        cells = [
            _value(facts, quantity, subject)
            for quantity in (
                "runbook.owner", "runbook.steps", "runbook.timed_steps", "runbook.test.age", "runbook.dead_links",
            )
        ]  # fmt: skip
        yield f"| {_name(subject)} | {' | '.join(cells)} |"


def _targets(facts: Facts, backups: list[str]) -> Iterator[str]:
    yield "## Targets beside tested values"
    yield ""
    yield "| backup | RTO target | RTO tested, slowest | last | drills timed | RPO target | RPO observed |"
    yield "|---|---|---|---|---|---|---|"
    for subject in backups:
        slowest = facts.one("drill.observed", subject, "max")
        timed = str(getattr(slowest, "n", None) or 0)
        tested = _cell(slowest) if slowest is not None else "**never tested**"
        last = facts.one("drill.observed", subject, "instant")
        cells = [
            _value(facts, "backup.rto.target", subject),
            tested,
            _cell(last) if last is not None else "**never tested**",
            timed,
            _value(facts, "backup.rpo.target", subject),
            _value(facts, "backup.rpo.observed", subject),
        ]
        yield f"| {_name(subject)} | {' | '.join(cells)} |"
    yield ""
    yield NOT_INCLUDED


def _points(facts: Facts) -> Iterator[str]:
    yield "## Single points of failure"
    yield ""
    points = facts.all("topology.single_point")
    if not facts.all("topology.single_points"):
        yield f"Single points: {UNKNOWN}. The topology is not declared ([[service]], [[instance]], [[shared]])."
        return
    if not points:
        yield "None by the declared topology."
    for point in points:
        accepted = facts.one("topology.accepted", point.subject)
        risk = f"accepted: {accepted.value}" if accepted is not None else "not accepted"
        yield f"- {_name(point.subject)} takes down {point.value}; {risk}{_ids(point, accepted)}"


def _mitigation(report: Report, facts: Facts) -> Iterator[str]:
    yield "## Mitigation status and accepted risks"
    yield ""
    for finding in report.findings:
        yield f"- open, {finding.severity}: {finding.says} Do: {finding.do}"
    for accepted in facts.all("topology.accepted"):
        yield f"- accepted: {_name(accepted.subject)}: {accepted.value}{_ids(accepted)}"
    if not report.findings and not facts.all("topology.accepted"):
        yield "Nothing open among what was checked."


def _unknowns(report: Report) -> Iterator[str]:
    yield "## Unknown, and how to know"
    yield ""
    if not report.unknowns and not report.coverage.not_checked:
        yield "Nothing."
    for unknown in report.unknowns:
        yield f"- {unknown.says} Why: {reason(unknown.why, unknown.detail)}. To know: {unknown.how}."
    told = {(each.quantity, each.subject) for each in report.unknowns}
    for each in report.coverage.not_checked:
        if (each.quantity, each.subject) not in told:
            yield f"- {each.quantity} of {each.subject}: {reason(each.why, each.detail)}. To know: {each.how}."


def _value(facts: Facts, quantity: str, subject: str) -> str:
    record = facts.one(quantity, subject)
    return UNKNOWN if record is None else _cell(record)


def _cell(record: Known) -> str:
    word = "" if record.kind != "declared" or isinstance(record.value, str) else "stated "
    return f"{word}{_plain(record)}{_ids(record)}"


def _plain(record: Known | None) -> str:
    return UNKNOWN if record is None else show(record.value, record.unit).replace("|", "\\|")


def _ids(*records: Known | None) -> str:
    ids = [record.id for record in records if record is not None]
    return f" [{' '.join(ids)}]" if ids else ""


def _name(subject: str) -> str:
    return subject.partition(":")[2]
