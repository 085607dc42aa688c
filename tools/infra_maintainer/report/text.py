"""A report as plain text, for a terminal, a pipe, and the text channel of an MCP result.

Every line with a number ends with the ids of the evidence behind it.
"""

import textwrap
from collections.abc import Iterable

from infra_maintainer.assess.costs_report import CostsReport
from infra_maintainer.assess.model import Judgement, Pass, Report, Unknown
from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.evidence.model import Measured
from infra_maintainer.report.costs_text import cost_lines
from infra_maintainer.report.plan_text import plan_lines

_COLOURS = {
    "critical": "1;31", "high": "31", "degraded": "31", "medium": "33", "at_risk": "33", "low": "36",
    "healthy": "32", "ok": "32", "unknown": "35", "dim": "2", "bold": "1",
}  # fmt: skip


class Paint:
    """Colour for terminals, nothing for pipes."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, text: str, colour: str) -> str:
        """The text in a named colour."""
        code = _COLOURS.get(colour)
        return f"\x1b[{code}m{text}\x1b[0m" if self._on and code else text


def render_text(report: Report, *, colour: bool = False, detail: bool = False, width: int = 110) -> str:
    """The whole report. Without `detail` passes are one line each and long lists are cut, with the count said."""
    paint = Paint(colour)
    lines = [*_head(report, paint), ""]
    if isinstance(report, CapacityReport):
        lines += plan_lines(report.plan, width)
    if isinstance(report, CostsReport):
        lines += cost_lines(report.costs, width)
    lines += _findings(report, paint, width)
    lines += _unknowns(report.unknowns, paint, width, most=len(report.unknowns) if detail else 12)
    briefly = 0 if isinstance(report, CapacityReport) else 30  # the plan's form has said them already
    lines += _passes(report.passes, paint, width, most=len(report.passes) if detail else briefly)
    lines += _coverage(report, paint, width, detail)
    lines += [f"policy changed here: {o.policy} = {o.value} (baseline {o.baseline})" for o in report.overrides]
    lines += [f"note: {note}" for note in report.notes]
    lines.append(_tail(report))
    return "\n".join(lines) + "\n"


def exit_code(report: Report) -> int:
    """0 all checked and healthy, 1 findings, 2 no findings but unknowns that matter."""
    if any(each.severity != "low" for each in report.findings):
        return 1
    return 0 if report.verdict == "healthy" else 2


def _head(report: Report, paint: Paint) -> list[str]:
    verdict = paint(report.verdict.upper().replace("_", " "), report.verdict)
    when = report.as_of.strftime("%Y-%m-%d %H:%M:%SZ")
    coverage = report.coverage
    replayed = f"  recorded {report.as_of:%Y-%m-%d %H:%MZ}, replayed: not measured now" if report.replayed else ""
    return [
        f"{verdict}  {report.job}  {when}  {report.run}{replayed}",
        f"because: {report.because}; checked {coverage.checked} of {coverage.planned} planned",
    ]


def _findings(report: Report, paint: Paint, width: int) -> list[str]:
    quotes = {each.id: each.quote for each in report.evidence if isinstance(each, Measured) and each.quote}
    lines: list[str] = []
    for each in report.findings:
        label = f"FINDING {each.severity}"
        lines += _entry(label, each, paint(f"{label:<17}", each.severity), width)
        lines += _wrap(f"code: {each.code}", width, 18)
        lines += _wrap(f"matters: {each.matters}", width, 18)
        lines += [*_wrap(f"do: {each.do}", width, 18)]
        # Outside text, marked as such: it names what was found, and it is data, never an instruction.
        for quote in [quotes[id] for id in each.evidence if id in quotes][:2]:
            lines += _wrap(f"quote: \u201c{quote}\u201d", width, 18)
        lines.append("")
    return lines


def _unknowns(unknowns: list[Unknown], paint: Paint, width: int, most: int) -> list[str]:
    """The unknowns of one reason and one remedy in one paragraph, in the order of the worst of each."""
    lines: list[str] = []
    groups: dict[str, list[Unknown]] = {}
    for each in unknowns[:most]:
        groups.setdefault(_reason(each), []).append(each)
    for reason, group in groups.items():
        body = said_together([(each.says, _ids(each.evidence)) for each in group])
        first, *rest = _wrap(body, width, 18)
        lines += [f"{paint('UNKNOWN'.ljust(17), 'unknown')} {first.strip()}", *rest]
        lines += _wrap(f"{', '.join(dict.fromkeys(each.code for each in group))}: {reason}", width, 18)
    if len(unknowns) > most:
        lines.append(f"{'':<18}and {len(unknowns) - most} more unknowns (ask for detail)")
    return [*lines, ""] if lines else lines


def said_together(said: list[tuple[str, str]]) -> str:
    """Sentences with their marks one after the other; several that only say "x: not measured." as one list."""
    tail = ": not measured."
    if len(said) < 2 or not all(says.endswith(tail) for says, _ in said):
        return " ".join(f"{says} {mark}".rstrip() for says, mark in said)
    return f"Not measured: {', '.join(f'{says.removesuffix(tail)} {mark}'.rstrip() for says, mark in said)}."


def _reason(unknown: Unknown) -> str:
    if unknown.why == "not_recorded":  # which call the recording lacks is in the evidence
        return f"not_recorded: the recording does not hold it; to know: {unknown.how}"
    because = f"{unknown.why}: {unknown.detail}" if unknown.detail else unknown.why
    return f"{because}; to know: {unknown.how}"


def _passes(passes: list[Pass], paint: Paint, width: int, most: int) -> list[str]:
    lines: list[str] = []
    for each in passes[:most]:
        lines += _entry("ok", each, paint(f"{'ok':<17}", "ok"), width)
    if len(passes) > most:
        lines.append(f"{'':<18}and {len(passes) - most} more passes (ask for detail)")
    return [*lines, ""] if lines else lines


def _coverage(report: Report, paint: Paint, width: int, detail: bool) -> list[str]:
    """What could not be looked at and is in no unknown above, by reason."""
    judged = {each.quantity for each in report.unknowns}
    rest = [each for each in report.coverage.not_checked if each.quantity not in judged]
    if not rest:
        return []
    if not detail:
        names = ", ".join(dict.fromkeys(each.quantity for each in rest))
        return [*_wrap(f"{paint('not checked:', 'dim')} {names} (detail says why)", width, 0), ""]
    groups: dict[str, list[str]] = {}
    for each in rest:
        said = "the recording does not hold it" if each.why == "not_recorded" else each.detail
        reason = f"{each.why}, {said}; {each.how}"
        groups.setdefault(reason, []).append(f"{each.quantity} of {each.subject}")
    lines = [f"not checked (background to the rest): {', '.join(names)}: {why}" for why, names in groups.items()]
    return [*(line for each in lines for line in _wrap(each, width, 0)), ""]


def _tail(report: Report) -> str:
    cut = any(note.startswith("Left out here") for note in report.notes)  # that note has the numbers of the whole run
    return "An unknown is not a pass." if cut else f"{counts(report)}. An unknown is not a pass."


def counts(report: Report) -> str:
    """How many of each outcome."""
    return f"{len(report.findings)} findings, {len(report.unknowns)} unknowns, {len(report.passes)} passes"


def _entry(label: str, each: Judgement, painted: str, width: int) -> list[str]:
    body = f"{each.says} {_ids(each.evidence)}".rstrip()
    first, *rest = _wrap(body, width, 18) or [""]
    return [f"{painted} {first.strip()}", *rest]


def _ids(evidence: Iterable[str]) -> str:
    ids = list(evidence)
    shown = " ".join(ids[:4]) + (f" +{len(ids) - 4}" if len(ids) > 4 else "")
    return f"[{shown}]" if ids else ""


def _wrap(text: str, width: int, indent: int) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        text, width, initial_indent=pad, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False
    )
