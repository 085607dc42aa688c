"""A report cut to the size of a concise reply: what is left out is counted and can be asked for by id."""

from infra_maintainer.assess.model import Report

LIMIT_CHARACTERS = 8000


def brief(report: Report, limit: int = LIMIT_CHARACTERS) -> Report:
    """The report with evidence of findings only, then fewer passes, unknowns and reasons until its JSON fits.

    Findings are never left out. Each cut is told in `notes`.
    """
    cited = {id for finding in report.findings for id in finding.evidence}
    small = report.model_copy(update={"evidence": [each for each in report.evidence if each.id in cited]})
    for keep in (None, 20, 10, 5, 2, 0):
        candidate = small if keep is None else _cut(small, report, keep)
        if size(candidate) <= limit:
            return candidate
    return candidate


def size(report: Report) -> int:
    """Characters of the report's compact JSON."""
    return len(report.model_dump_json(exclude_none=True, exclude_defaults=False))


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
    note = f'Left out here: {", ".join(left_out)}; ask with detail="detailed" or read report {whole.run}.'
    return small.model_copy(
        update={
            "passes": small.passes[:keep],
            "unknowns": small.unknowns[:keep],
            "coverage": coverage,
            "evidence": small.evidence if keep >= 5 else [],
            "notes": [*small.notes, note] if left_out else small.notes,
        }
    )
