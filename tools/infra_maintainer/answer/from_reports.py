"""A run as this product's own reports describe it: their evidence, judgements, unknowns and the policy in force."""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.run import Judged, Limit, Run, Unmeasured, worst_severity, worst_verdict
from infra_maintainer.assess.model import AnyEvidence, Report
from infra_maintainer.assess.policy import Threshold
from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing

# Shorter texts are codes and names.
_LEAST_SENTENCE = 12


def ledger_of(evidence: Iterable[AnyEvidence]) -> Ledger:
    """Evidence records as a ledger: `ev_7f3a9c01bd#/value` is the value, `#/n` and `#/window` describe it."""
    return Ledger(_entry(record) for record in evidence)


def _entry(record: AnyEvidence) -> Entry:
    as_of = record.as_of.isoformat()
    common = {"quantity": record.quantity, "subject": record.subject}
    if isinstance(record, Missing):
        return Entry(
            record.id, record.why, as_of, {}, record.quantity, record.subject, f"{record.detail}; {record.how}"
        )
    stat = record.stat if isinstance(record, Measured | Derived) else None
    leaf = {**common, "value": record.value, "unit": record.unit, "stat": stat, "origin": record.kind}
    about: dict[str, object] = {}
    if isinstance(record, Measured):
        leaf["n"] = record.n
        for name, value, unit in (
            ("n", record.n, "1"),
            ("window", record.window, "s"),
            ("duration", record.duration, "s"),
        ):
            if value is not None:
                about[name] = {**common, "value": value, "unit": unit, "stat": "count", "about_measurement": True}
    return Entry(
        record.id, data={"value": leaf, **about}, as_of=as_of, quantity=record.quantity, subject=record.subject
    )


def run_of(reports: Sequence[Report], policy: Iterable[Threshold] = (), question: str = "") -> Run:
    """What the given reports established together; the worst verdict and severity of them count."""
    records = {record.id: record for report in reports for record in report.evidence}
    findings = [finding for report in reports for finding in report.findings]
    coverage = (sum(each.coverage.checked for each in reports), sum(each.coverage.planned for each in reports))
    return Run(
        ledger=ledger_of(records.values()),
        verdict=worst_verdict([report.verdict for report in reports]),
        severity=worst_severity([report.severity for report in reports]),
        findings=tuple(
            Judged(each.code, each.subject, each.severity, tuple(each.evidence), each.says, each.matters, each.do)
            for each in findings
        ),
        unmeasured=tuple(_unmeasured(reports, records.values())),
        limits=tuple(Limit(rule.id, rule.number, rule.unit) for rule in policy if not isinstance(rule.value, bool)),
        question=question,
        reports=tuple(report.run for report in reports),
        told=tuple(dict.fromkeys(text for report in reports for text in _sentences(report))),
        advised=tuple(dict.fromkeys(text for report in reports for text in _advice(report))),
        quotes=tuple((each.id, each.quote) for each in records.values() if isinstance(each, Measured) and each.quote),
        counts=frozenset((*coverage, len(findings), *(count for report in reports for count in _counts(report)))),
        coverage=coverage,
    )


def _advice(report: Report) -> Iterator[str]:
    """What to do, how to know, why not: the numbers there are instructions, not measurements."""
    yield from (text for each in report.findings for text in (each.do, each.matters))
    yield from (each.how for each in report.unknowns)
    yield from (text for each in report.coverage.not_checked for text in (each.detail, each.how))


def _sentences(report: Report) -> Iterator[str]:
    """Every text that code wrote into a report; foreign text stands only in evidence, which is left out."""
    yield from _texts(report.model_dump(mode="json", exclude={"evidence"}))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) >= _LEAST_SENTENCE:
            yield value
    elif isinstance(value, dict):
        for each in cast("dict[str, object]", value).values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _texts(each)


def _unmeasured(reports: Sequence[Report], records: Iterable[AnyEvidence]) -> Iterable[Unmeasured]:
    """Unknowns that matter or that failed must be said; what nobody configured is in the coverage."""
    ids = {(record.quantity, record.subject): record.id for record in records if isinstance(record, Missing)}
    known = {
        (record.quantity, record.subject) for record in records if isinstance(record, Measured | Derived | Declared)
    }
    # What a check calls unknown stays so beside a record of the same name: "0 backups are declared" tells of no backup.
    judged = {(unknown.quantity, unknown.subject) for report in reports for unknown in report.unknowns}
    seen: dict[tuple[str, str], Unmeasured] = {}
    for report in reports:
        for unknown in report.unknowns:
            key = (unknown.quantity, unknown.subject)
            must = unknown.must_be_told
            feels = unknown.user_facing
            seen[key] = Unmeasured(*key, unknown.why, ids.get(key), must, unknown.how, feels, unknown.says)
        for missing in report.coverage.not_checked:
            key = (missing.quantity, missing.subject)
            tried = missing.must_be_told
            seen.setdefault(key, Unmeasured(*key, missing.why, ids.get(key), tried, missing.how, False))
    return [missing for key, missing in seen.items() if key not in known - judged]


def _counts(report: Report) -> tuple[int, ...]:
    coverage = report.coverage
    by_severity = [
        sum(each.severity == one for each in report.findings) for one in ("critical", "high", "medium", "low")
    ]
    parts = (len(report.findings), len(report.passes), len(report.unknowns), coverage.planned, coverage.checked)
    return (*parts, len(coverage.not_checked), coverage.planned - coverage.checked, *by_severity)
