"""A report as plain text, for a terminal, a pipe, and the text channel of an MCP result.

Every line with a number ends with the ids of the evidence behind it.
"""

import re
from collections.abc import Iterable

from infra_maintainer.assess.costs_report import CostsReport
from infra_maintainer.assess.model import Judgement, NotChecked, Override, Pass, Report, Unknown
from infra_maintainer.assess.plan import FIELDS, CapacityReport
from infra_maintainer.assess.policy import baseline
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.redact import QUOTE_LIMIT
from infra_maintainer.evidence.redact import quote as safe
from infra_maintainer.evidence.show import many, show
from infra_maintainer.report.costs_text import cost_lines
from infra_maintainer.report.plan_text import plan_lines
from infra_maintainer.report.wrapping import wrap

_COLOURS = {
    "critical": "1;31", "high": "31", "degraded": "31", "medium": "33", "at_risk": "33", "low": "36",
    "healthy": "32", "ok": "32", "unknown": "35", "dim": "2", "bold": "1",
}  # fmt: skip
MOST = {"passes": 30, "unknowns": 12}
STATEMENT = 80  # characters of a statement that tell which one it is
_NOT_MEASURED = ": not measured."


class Paint:
    """Colour for terminals, nothing for pipes."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, text: str, colour: str) -> str:
        """The text in a named colour."""
        code = _COLOURS.get(colour)
        return f"\x1b[{code}m{text}\x1b[0m" if self._on and code else text


def render_text(report: Report, *, colour: bool = False, detail: bool = False, width: int = 110) -> str:
    """The whole report. Without `detail` rules, some reasons and the ends of long lists are left out, and counted."""
    paint = Paint(colour)
    said: set[str] = set()  # sentences of the plan's form, which are not said twice
    alone: set[str] = set()  # those that its field's title names well enough
    lines = [*_head(report, paint), ""]
    if isinstance(report, CapacityReport):
        lines += plan_lines(report.plan, width)
        told = [(line, says.removeprefix("unknown: ")) for line in report.plan.lines for says in line.says]
        said = {says for _, says in told}
        alone = {says for line, says in told if len(line.says) == 1}
    if isinstance(report, CostsReport):
        lines += cost_lines(report.costs, width)
    passes = [each for each in report.passes if each.says not in said]
    most = {"passes": len(passes), "unknowns": len(report.unknowns)} if detail else MOST
    lines += _findings(report, paint, width, detail)
    lines += _unknowns(report, most["unknowns"], alone, paint, width, detail)
    lines += _passes(passes[: most["passes"]], report, paint, width, detail)
    rest = _background(report)
    lines += _not_checked(rest, paint, width, detail)
    lines += [_changed(each) for each in report.overrides]
    lines += [line for note in report.notes for line in wrap(f"note: {note}", width, 0)]
    if not detail:
        cut = [
            many(count, *noun)
            for count, noun in (
                (len(passes) - most["passes"], ("pass", "passes")),
                (len(report.unknowns) - most["unknowns"], ("unknown",)),
                (len(rest), ("reason for what was not checked", "reasons for what was not checked")),
            )
            if count > 0
        ]
        lines += wrap(f"--detail adds: {', '.join([*cut, 'the rules that decided'])}", width, 0)
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
    replayed = "  replayed from a recording of that time: not measured now" if report.replayed else ""
    return [
        f"{verdict}  {report.job}  {when}  {report.run}{replayed}",
        f"because: {report.because}; checked {coverage.checked} of {coverage.planned} planned",
    ]


def _findings(report: Report, paint: Paint, width: int, detail: bool) -> list[str]:
    quotes = {each.id: each.quote for each in report.evidence if isinstance(each, Measured) and each.quote}
    changed = {each.policy: each.value for each in report.overrides}
    mitigation = report.plan.mitigation if isinstance(report, CapacityReport) else []
    steps = {step.action: number for number, step in enumerate(mitigation, start=1)}
    lines: list[str] = []
    for each in report.findings:
        label = f"FINDING {each.severity}"
        lines += entry(sentence(each), paint(f"{label:<17}", each.severity), width)
        lines += wrap(f"code: {each.code}", width, 18)
        if each.also:
            same = "; ".join(f"{a.code} ({a.severity}){f': {a.says}' if a.says else ''}" for a in each.also)
            lines += wrap(f"the same fact: {same}", width, 18)
        if detail and each.policy:
            lines += wrap(f"rule: {_rule(each.policy, changed)}", width, 18)
        if each.do in steps:  # the plan's mitigation has said it, and the risk of waiting
            lines += wrap(f"do: step {steps[each.do]} of the mitigation above", width, 18)
        elif each.do:  # in short it has neither
            lines += [*wrap(f"matters: {each.matters}", width, 18), *wrap(f"do: {each.do}", width, 18)]
        told = [quotes[id] for id in each.evidence if id in quotes and quotes[id] not in each.says]
        for quote in told[:2]:
            lines += quoted(quote, width)
        lines.append("")
    return lines


def _rule(policy: str, changed: dict[str, float | bool], says: str = "") -> str:
    """The rule that decided, with its value in force unless the sentence has told it."""
    rule = baseline().get(policy)
    if rule is None:
        return policy
    rule = rule.model_copy(update={"value": changed.get(policy, rule.value)})
    value = show(rule.value, rule.unit)
    told = not isinstance(rule.value, bool) and re.search(rf"(?<![\d.]){re.escape(value)}(?!\w)", says)
    return policy if told else f"{policy}, {rule.words}"


def _changed(override: Override) -> str:
    unit = baseline()[override.policy].unit
    now, before = show(override.value, unit), show(override.baseline, unit)
    return f"policy changed here: {override.policy} = {now} (baseline {before})"


def _unknowns(report: Report, most: int, alone: set[str], paint: Paint, width: int, detail: bool) -> list[str]:
    """The unknowns of one reason and one remedy under each other, in the order of the worst of each."""
    changed = {each.policy: each.value for each in report.overrides}
    lines: list[str] = []
    groups: dict[tuple[str, str], list[Unknown]] = {}
    for each in report.unknowns[:most]:
        groups.setdefault((reason(each.why, each.detail), each.how), []).append(each)
    for (why, how), group in groups.items():
        says = _told(group, alone)
        label = paint("UNKNOWN".ljust(17), "unknown")
        lines += entry(says[0], label, width) if len(says) == 1 else bullets(says, label, width)
        lines += _why(coded(why, group[0].why) if detail else why, how, width)
        if detail:
            names = dict.fromkeys(f"{each.code} ({each.quantity} of {each.subject}{_owed(each)})" for each in group)
            lines += wrap(f"code: {', '.join(names)}", width, 18)
            rules = dict.fromkeys(_rule(each.policy, changed) for each in group if each.policy)
            lines += wrap(f"rule: {'; '.join(rules)}", width, 18) if rules else []
    return [*lines, ""] if lines else lines


def coded(why: str, code: str) -> str:
    """The reason in words, and beside it the code by which an answer names it where the words are others."""
    return why if why.replace(" ", "_") == code else f"{why} ({code})"


def _why(why: str, how: str, width: int) -> list[str]:
    remedy = [] if not how or how.startswith("nothing to do") else wrap(f"to know: {how}", width, 18)
    return [*wrap(f"why: {why}", width, 18), *remedy]


def _told(group: list[Unknown], alone: set[str]) -> list[str]:
    """One line for each, but what only says "x: not measured." in one line together."""
    if len(group) > 1 and all(each.says.endswith(_NOT_MEASURED) for each in group):
        return [said_together([(each.says, _ids(each.evidence)) for each in group])]
    # What the plan's form has said already is here by the field's name: only its reason is new.
    return [FIELDS[each.code] if each.says in alone and each.code in FIELDS else sentence(each) for each in group]


def said_together(said: list[tuple[str, str]]) -> str:
    """Sentences with their marks one after the other; several that only say "x: not measured." as one list."""
    if len(said) < 2 or not all(says.endswith(_NOT_MEASURED) for says, _ in said):
        return " ".join(f"{says} {mark}".rstrip() for says, mark in said)
    return f"Not measured: {', '.join(f'{says.removesuffix(_NOT_MEASURED)} {mark}'.rstrip() for says, mark in said)}."


def reason(why: str, detail: str) -> str:
    """Why something is not known, in words. Which call a recording lacks is in the evidence."""
    if why == "not_recorded":
        return "the recording does not hold it"
    word = "a fault of ours" if why == "our_bug" else why.replace("_", " ")
    if not detail:
        return word
    return detail if why == "not_configured" else f"{word}: {detail}"


def _passes(passes: list[Pass], report: Report, paint: Paint, width: int, detail: bool) -> list[str]:
    changed = {each.policy: each.value for each in report.overrides}
    shares = [e for e in report.evidence if isinstance(e, Measured) and e.quantity == "db.query.share"]
    statements = {each.id: each.quote for each in shares if each.quote}
    lines: list[str] = []
    for each in passes:
        ruled = f" ({_rule(each.policy, changed, each.says)})" if detail and each.policy else ""
        lines += entry(f"{sentence(each)}{ruled}", paint(f"{'ok':<17}", "ok"), width)
        for id in each.evidence:
            if id in statements:
                lines += quoted(statements[id], width, STATEMENT)
    return [*lines, ""] if lines else lines


def _background(report: Report) -> list[NotChecked]:
    """What could not be looked at and is in no unknown above."""
    judged = {each.quantity for each in report.unknowns}
    return [each for each in report.coverage.not_checked if each.quantity not in judged]


def _not_checked(rest: list[NotChecked], paint: Paint, width: int, detail: bool) -> list[str]:
    """By its reason in detail, by its name else."""
    if not rest:
        return []
    label = paint("not checked".ljust(17), "dim")
    if not detail:
        return [*entry(f"{', '.join(dict.fromkeys(each.quantity for each in rest))}", label, width), ""]
    groups: dict[tuple[str, str], list[str]] = {}
    for each in rest:
        groups.setdefault((coded(reason(each.why, each.detail), each.why), each.how), []).append(
            f"{each.quantity}{_of(each.subject)}{_owed(each)}"
        )
    lines: list[str] = []
    for (why, how), names in groups.items():
        lines += [*entry(", ".join(names), label, width)]
        lines += _why(why, how, width)
    return [*lines, ""]


def _owed(each: Unknown | NotChecked) -> str:
    """Marks what an answer over the report has to list."""
    return ", must be told" if each.must_be_told else ""


def _of(subject: str) -> str:
    """The subject after a quantity, or nothing where it is the system as a whole."""
    kind, _, _ = subject.partition(":")
    return "" if kind == "system" else f" of {subject}"


def _tail(report: Report) -> str:
    cut = any(note.startswith("Left out here") for note in report.notes)  # that note has the numbers of the whole run
    return "An unknown is not a pass." if cut else f"{counts(report)}. An unknown is not a pass."


def counts(report: Report) -> str:
    """How many of each outcome."""
    findings = sum(len(each.severities_told) for each in report.findings)
    return (
        f"{many(findings, 'finding')}, {many(len(report.unknowns), 'unknown')}, "
        f"{many(len(report.passes), 'pass', 'passes')}"
    )


def sentence(each: Judgement) -> str:
    """What it says, with the ids of the evidence behind it."""
    return f"{each.says} {_ids(each.evidence)}".rstrip()


def entry(body: str, painted: str, width: int) -> list[str]:
    """A label of 17 columns, then the text beside it."""
    first, *rest = wrap(body, width, 18) or [""]
    return [f"{painted} {first.strip()}".rstrip(), *rest]


def _ids(evidence: Iterable[str]) -> str:
    ids = list(evidence)
    shown = " ".join(ids[:4]) + (f" +{len(ids) - 4}" if len(ids) > 4 else "")
    return f"[{shown}]" if ids else ""


def quoted(text: str, width: int, most: int = QUOTE_LIMIT) -> list[str]:
    """Outside text, marked as such and cut: it names what was found, and it is data, never an instruction."""
    return wrap(f"quote: \u201c{safe(text, most)}\u201d", width, 18)


def bullets(says: list[str], painted: str, width: int) -> list[str]:
    """A label, then several texts beside it."""
    first, *rest = [line for each in says for line in wrap(f"- {each}", width, 18, 2)]
    return [f"{painted} {first.strip()}", *rest]
