"""A report cut to the size of a concise reply: what is left out is counted and can be asked for by id."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.assess.model import AnyEvidence, NotChecked, Pass, Report, Unknown
from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.show import many
from infra_maintainer.report.in_short import by_rank, finding_in_short, same_facts_once, unknowns_in_short
from infra_maintainer.report.text import counts, render_text, said_together

LIMIT_CHARACTERS = 8000
STEPS = (40, 30, 20, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1, 0)
LISTED = (48, 24, 12)  # unknowns that are named at least, however many findings there are
_FARTHER = {"endpoint": 1, "upstream": 1, "route": 2}  # what all users met says more than a probe, or one route
_MILD = ("not_supported", "not_configured", "no_data")  # reasons that are often as they should be: the first to go


class _Room(NamedTuple):
    """How much of each list stays."""

    keep: int  # unknowns and reasons in full, twice as many passes
    listed: int  # unknowns behind those, by name
    full: int  # findings with why they matter and what to do
    findings: int
    quotes: int = 0  # records that quote what was found, such as the text of a query


def brief(report: Report, limit: int = LIMIT_CHARACTERS, *, whole_evidence: bool = False) -> Report:
    """The report with evidence of findings only, then fewer passes, unknowns and reasons, until it fits `limit`.

    Then the mildest findings are told by their sentence alone, and go last; some unknowns stay named beside them. The
    verdict stays that of all. Each cut is told, with its number, in `notes`. With `whole_evidence` all records stay
    while they fit.
    """
    if whole_evidence and size(report) <= limit:
        return report
    cited = {id for finding in report.findings for id in finding.evidence}
    small = report.model_copy(update={"evidence": [each for each in report.evidence if each.id in cited]})
    if size(small) <= limit:
        return small
    once = small.model_copy(update={"findings": same_facts_once(small.findings, small.evidence)})
    cut = once
    for room in _rooms(len(once.findings)):
        cut = _cut(once, report, room)
        if size(cut) <= limit:
            break
    return cut


def _rooms(findings: int) -> Iterator[_Room]:
    """From generous to the last resort. Findings go after all else, but not before room for some unknowns is found."""
    for keep in STEPS:
        yield _Room(keep, max(keep, LISTED[1]), findings, findings, 6)
    yield _Room(0, LISTED[2], findings, findings, 3)
    yield _Room(0, LISTED[2] // 2, findings, findings, 3)
    for parts in (3, 2, 1, 0):
        for listed in LISTED:
            yield _Room(0, listed, findings * parts // 4, findings, 3)
    most = findings
    while most > 1:
        yield _Room(0, LISTED[2] // 2, 0, most)
        most -= max(1, most // 8)
    for listed in (LISTED[2] // 2, 2, 0):
        yield _Room(0, listed, 0, most)


def size(report: Report) -> int:
    """Characters of the larger of the two channels: compact JSON, and text."""
    return max(len(report.model_dump_json(exclude_none=True)), len(render_text(report, detail=True, width=10_000)))


def _cut(small: Report, whole: Report, room: _Room) -> Report:
    """The report in that room, with a note of what went; `whole` is the run with nothing told together."""
    groups = _groups(whole.unknowns)
    full = groups[: room.keep]
    behind = by_rank([each for group in groups[room.keep :] for each in group])
    named = behind[: room.listed]
    reasons, bare = _reasons(whole, room)
    findings = small.findings[: room.findings]
    left_out = [
        many(count, *noun)
        for noun, count in (
            (("pass", "passes"), len(whole.passes) - 2 * room.keep),
            (("unknown",), len(behind) - len(named)),
            (
                ("reason for what was not checked", "reasons for what was not checked"),
                len(whole.coverage.not_checked) - len(reasons),
            ),
        )
        if count > 0
    ]
    plan: dict[str, object] = {"plan": whole.plan.shorter(room.keep)} if isinstance(whole, CapacityReport) else {}
    mild = Counter(severity for each in small.findings[room.findings :] for severity in each.severities_told)
    left_out += [many(count, f"{severity} finding") for severity, count in mild.items()]
    in_short = [
        many(count, *noun)
        for noun, count in (
            (("finding",), len(findings[room.full :])),
            (("unknown",), len(named)),
            (("reason", "reasons"), bare),
        )
        if count > 0
    ]
    together = any(len(group) > 1 for group in full)
    left = f"Left out here: {', '.join(left_out) or 'nothing'}"
    short = f"; in short: {', '.join(in_short)}" if in_short else ""
    note = f'{left}{short}; the whole run has {counts(whole)}; ask with detail="detailed" or read report://{whole.run}.'
    return small.model_copy(
        update={
            "findings": [*findings[: room.full], *(finding_in_short(each) for each in findings[room.full :])],
            "passes": sorted(small.passes, key=_nearest_to_users)[: 2 * room.keep],
            "unknowns": [*(_as_one(group) for group in full), *unknowns_in_short(named, whole.run)],
            "coverage": small.coverage.model_copy(update={"not_checked": reasons}),
            "evidence": small.evidence if room.keep >= 5 else _quoting(small, room.quotes),
            "notes": [*small.notes, note] if left_out or in_short or together else small.notes,
            **plan,
        }
    )


def _quoting(small: Report, most: int) -> list[AnyEvidence]:
    """What outside text names the guilty one, for the worst findings first: no sentence of ours repeats it."""
    quoting = {each.id: each for each in small.evidence if isinstance(each, Measured) and each.quote}
    cited = dict.fromkeys(id for finding in small.findings for id in finding.evidence if id in quoting)
    return [quoting[id] for id in [*cited][:most]]


def _reasons(whole: Report, room: _Room) -> tuple[list[NotChecked], int]:
    """What was not checked: some in full, then by name what an answer has to list and no unknown tells; how many."""
    judged = {(each.quantity, each.subject) for each in whole.unknowns}

    def rank(each: NotChecked) -> tuple[bool, bool, bool]:
        return (each.quantity, each.subject) in judged, each.why in _MILD, each.why != "our_bug"

    ranked = sorted(whole.coverage.not_checked, key=rank)
    owed = [each for each in ranked[room.keep :] if each.must_be_told and not rank(each)[0]][: room.listed // 2]
    bare = [each.model_copy(update={"detail": "", "how": ""}) for each in owed]
    return [*ranked[: room.keep], *bare], len(bare)


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
