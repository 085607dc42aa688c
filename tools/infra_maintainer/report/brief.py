"""A report cut to the size of a concise reply: what is left out is counted and can be asked for by id."""

from collections import Counter

from infra_maintainer.assess.model import Report
from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.report.text import counts, render_text

LIMIT_CHARACTERS = 8000
STEPS = (40, 30, 20, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1, 0)
_MILD = ("not_supported", "not_configured", "no_data")  # reasons that are often as they should be: the first to go


def brief(report: Report, limit: int = LIMIT_CHARACTERS, *, whole_evidence: bool = False) -> Report:
    """The report with evidence of findings only, then fewer passes, unknowns and reasons, until it fits `limit`.

    Findings go last, the mildest first; the verdict stays that of all. Each cut is told, with its number, in `notes`.
    With `whole_evidence` all records stay while they fit.
    """
    if whole_evidence and size(report) <= limit:
        return report
    cited = {id for finding in report.findings for id in finding.evidence}
    small = report.model_copy(update={"evidence": [each for each in report.evidence if each.id in cited]})
    if size(small) <= limit:
        return small
    cut = small
    for keep in STEPS:
        cut = _cut(small, report, keep, len(report.findings))
        if size(cut) <= limit:
            return cut
    most = len(report.findings)
    while most > 1 and size(cut) > limit:
        most -= max(1, most // 8)
        cut = _cut(small, report, 0, most)
    return cut


def size(report: Report) -> int:
    """Characters of the larger of the two channels: compact JSON, and text."""
    return max(len(report.model_dump_json(exclude_none=True)), len(render_text(report, detail=True, width=10_000)))


def _cut(small: Report, whole: Report, keep: int, findings: int) -> Report:
    """Keep that many of each list, and of findings; at the end only the ids of evidence stay."""
    reasons = sorted(small.coverage.not_checked, key=lambda each: (each.why in _MILD, each.why != "our_bug"))
    coverage = small.coverage.model_copy(update={"not_checked": reasons[:keep]})
    left_out = [
        f"{len(items) - keep} {name}"
        for name, items in (
            ("passes", whole.passes),
            ("unknowns", whole.unknowns),
            ("not_checked", whole.coverage.not_checked),
        )
        if len(items) > keep
    ]
    plan: dict[str, object] = {"plan": whole.plan.shorter(keep)} if isinstance(whole, CapacityReport) else {}
    mild = Counter(each.severity for each in whole.findings[findings:])
    left_out += [f"{count} {severity} findings" for severity, count in mild.items()]
    count = counts(whole)
    note = f'Left out here: {", ".join(left_out)}; the whole run has {count}; ask with detail="detailed" or read report://{whole.run}.'
    return small.model_copy(
        update={
            "findings": small.findings[:findings],
            "passes": small.passes[:keep],
            "unknowns": small.unknowns[:keep],
            "coverage": coverage,
            "evidence": small.evidence if keep >= 5 else [],
            "notes": [*small.notes, note] if left_out else small.notes,
            **plan,
        }
    )
