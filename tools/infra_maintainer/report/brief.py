"""A report cut to the size of a concise reply: what is left out is counted and can be asked for by id."""

from infra_maintainer.assess.model import Report
from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.report.text import render_text

LIMIT_CHARACTERS = 8000
STEPS = (20, 10, 5, 2, 0)


def brief(report: Report, limit: int = LIMIT_CHARACTERS, *, whole_evidence: bool = False) -> Report:
    """The report with evidence of findings only, then fewer passes, unknowns and reasons, until it fits `limit`.

    Findings are never left out; each cut is told in `notes`. With `whole_evidence` all records stay while they fit.
    """
    if whole_evidence and size(report) <= limit:
        return report
    cited = {id for finding in report.findings for id in finding.evidence}
    small = report.model_copy(update={"evidence": [each for each in report.evidence if each.id in cited]})
    if size(small) <= limit:
        return small
    return next((cut for keep in STEPS if size(cut := _cut(small, report, keep)) <= limit), _cut(small, report, 0))


def size(report: Report) -> int:
    """Characters of the larger of the two channels: compact JSON, and text."""
    return max(len(report.model_dump_json(exclude_none=True)), len(render_text(report, width=10_000)))


def _cut(small: Report, whole: Report, keep: int) -> Report:
    """Keep that many of each list; at the end only the ids of evidence stay."""
    coverage = small.coverage.model_copy(update={"not_checked": small.coverage.not_checked[:keep]})
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
    note = f'Left out here: {", ".join(left_out)}; ask with detail="detailed" or read report {whole.run}.'
    return small.model_copy(
        update={
            "passes": small.passes[:keep],
            "unknowns": small.unknowns[:keep],
            "coverage": coverage,
            "evidence": small.evidence if keep >= 5 else [],
            "notes": [*small.notes, note] if left_out else small.notes,
            **plan,
        }
    )
