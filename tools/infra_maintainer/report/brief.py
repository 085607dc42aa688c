"""A report cut to the size of a concise reply: what is left out is counted and can be asked for by id."""

from collections import Counter

from infra_maintainer.assess.model import Pass, Report, Unknown
from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.evidence.show import many
from infra_maintainer.report.text import counts, render_text, said_together

LIMIT_CHARACTERS = 8000
STEPS = (40, 30, 20, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1, 0)
_FARTHER = {"endpoint": 1, "upstream": 1, "route": 2}  # what all users met says more than a probe, or one route
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
    """Keep that many of each list, of what was measured twice as many, and of findings; at the end only ids stay."""
    reasons = sorted(small.coverage.not_checked, key=lambda each: (each.why in _MILD, each.why != "our_bug"))
    groups = _groups(whole.unknowns)
    told = sum(len(group) for group in groups[:keep])
    coverage = small.coverage.model_copy(update={"not_checked": reasons[:keep]})
    left_out = [
        many(count, *noun)
        for noun, count in (
            (("pass", "passes"), len(whole.passes) - 2 * keep),
            (("unknown",), len(whole.unknowns) - told),
            (
                ("reason for what was not checked", "reasons for what was not checked"),
                len(whole.coverage.not_checked) - keep,
            ),
        )
        if count > 0
    ]
    plan: dict[str, object] = {"plan": whole.plan.shorter(keep)} if isinstance(whole, CapacityReport) else {}
    mild = Counter(each.severity for each in whole.findings[findings:])
    left_out += [many(count, f"{severity} finding") for severity, count in mild.items()]
    count = counts(whole)
    note = f'Left out here: {", ".join(left_out)}; the whole run has {count}; ask with detail="detailed" or read report://{whole.run}.'
    return small.model_copy(
        update={
            "findings": small.findings[:findings],
            "passes": sorted(small.passes, key=_nearest_to_users)[: 2 * keep],
            "unknowns": [_as_one(group) for group in groups[:keep]],
            "coverage": coverage,
            "evidence": small.evidence if keep >= 5 else [],
            "notes": [*small.notes, note] if left_out else small.notes,
            **plan,
        }
    )


def _nearest_to_users(each: Pass) -> tuple[bool, int]:
    return not each.user_facing, int("synthetic" in each.says) or _FARTHER.get(each.subject.partition(":")[0], 0)


def _groups(unknowns: list[Unknown]) -> list[list[Unknown]]:
    """Each unknown by itself, but what nobody declared by its reason, behind what was tried: it is no news twice."""
    tried = [[each] for each in unknowns if each.why != "not_configured"]
    undeclared: dict[tuple[str, str], list[Unknown]] = {}
    for each in unknowns:
        if each.why == "not_configured":
            undeclared.setdefault((each.detail, each.how), []).append(each)
    return [*tried, *undeclared.values()]


def _as_one(group: list[Unknown]) -> Unknown:
    """Several unknowns of one reason as one record that says how many they are."""
    first = group[0]
    if len(group) == 1:
        return first
    says = f"{len(group)} unknowns of one reason: {said_together([(each.says, '') for each in group])}"
    return first.model_copy(update={"says": says, "evidence": [id for each in group for id in each.evidence]})
