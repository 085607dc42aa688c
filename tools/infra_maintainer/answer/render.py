"""An answer for people, rendered from the checked structure: Markdown, or plain text for a terminal.

Numbers come from the claims that were verified; what did not hold is struck out and stays visible.
"""

import re
from collections.abc import Iterator
from typing import Literal

from infra_maintainer.answer.ledger import Field, PointerError, shown
from infra_maintainer.answer.model import (
    REFERENCE,
    Answer,
    Assumed,
    Claim,
    Computed,
    Observed,
    Recommendation,
    Target,
    Threshold,
    Users,
)
from infra_maintainer.answer.run import Judged, Run
from infra_maintainer.answer.samples import samples_needed
from infra_maintainer.answer.subjects import same
from infra_maintainer.answer.verification import BAD, Verification

Style = Literal["markdown", "text"]


def render(answer: Answer, checked: Verification, run: Run, style: Style = "markdown") -> str:
    """The whole answer. `checked` must be the verification of this very answer against `run`."""
    return _Page(answer, checked, run, style).write()


class _Page:
    def __init__(self, answer: Answer, checked: Verification, run: Run, style: Style) -> None:
        self._answer, self._checked, self._run = answer, checked, run
        self._markdown = style == "markdown"
        self._results = {number.claim: number for number in checked.numbers if number.claim}
        self._faulty = {fault.about for fault in checked.faults if fault.about}

    def write(self) -> str:
        """The page, its parts in the order a reader needs them."""
        parts = [
            *self._head(),
            *self._section("Why", self._cause()),
            *self._section("Findings", self._findings()),
            *self._section("Do", self._advice()),
            *self._section("Forecast", self._forecast()),
            *self._section("Unknown", self._unknowns()),
            *self._section("What does not hold in this answer", self._faults()),
        ]
        return "\n".join(parts).replace("\n\n\n", "\n\n").rstrip() + "\n"

    def _head(self) -> Iterator[str]:
        answer, run = self._answer, self._run
        verdict, severity = run.verdict or answer.verdict, run.severity or answer.severity
        said = "" if verdict == answer.verdict else f" (the draft said {self._struck(answer.verdict)})"
        yield f"{self._bold(f'Verdict: {verdict}')}, severity {severity}{said}."
        if run.coverage:
            yield f"Checked {run.coverage[0]} of {run.coverage[1]} planned."
        yield ""
        for identifier in answer.headline_claims:
            claim = answer.claim(identifier)
            if claim:
                yield f"- {self._stated(claim)}"
        if answer.explanation:
            yield f"\nComment (a model's words, only the numbers are checked): {self._comment()}"

    def _comment(self) -> str:
        return self._words(self._answer.explanation, "explanation")

    def _findings(self) -> Iterator[str]:
        for found in self._answer.findings:
            known = next((one for one in self._run.findings if _is(found.code, found.subject, one)), None)
            label = f"{known.severity + ' ' if known else ''}{found.code} on {found.subject}"
            if f"{found.code} on {found.subject}" in self._faulty:
                label = self._struck(label)
            claims = [claim for claim in map(self._answer.claim, found.claims) if claim]
            yield f"- {self._bold(label)}: {self._shown(known, claims)}".rstrip(": ")
            if found.explanation:
                yield f"  {self._words(found.explanation, f'findings {found.code}')}"
            if known and known.matters:
                yield f"  Matters: {known.matters}"
            if known and known.do:
                yield f"  Do: {known.do}"

    def _shown(self, known: Judged | None, claims: list[Claim]) -> str:
        """The report's own sentence with its ids; then the claims that say more, or do not hold."""
        own = {pointer.partition("#")[0] for pointer in known.evidence} if known and known.says else set[str]()
        parts = [f"{known.says} {_ids(known.evidence)}"] if known and known.says else []
        for claim in claims:
            result = self._results.get(claim.id)
            behind = {pointer.partition("#")[0] for pointer in result.by} if result else set[str]()
            fine = result is not None and result.status not in BAD and claim.id not in self._faulty
            if not (fine and behind <= own and isinstance(claim, Observed)):
                parts.append(self._stated(claim))
        return "; ".join(parts)

    def _cause(self) -> Iterator[str]:
        cause = self._answer.root_cause
        if cause is None:
            return
        cited = ", ".join(self._cited(pointer) for pointer in cause.evidence)
        yield f"- {cause.mechanism.replace('_', ' ')} in {cause.component}: {cited}"
        for other in cause.alternatives:
            against = ", ".join(self._cited(pointer) for pointer in other.ruled_out_by)
            yield f"- not {other.mechanism.replace('_', ' ')}: {against}"

    def _advice(self) -> Iterator[str]:
        for advice in self._answer.recommendations:
            action = f"{advice.verb.replace('_', ' ')}: {advice.target}"
            if f"{advice.verb} {advice.target}" in self._faulty:
                action = self._struck(action)
            yield f"- {action}{self._details(advice)}"

    def _details(self, advice: Recommendation) -> str:
        saving = self._answer.claim(advice.saving) if advice.saving else None
        because = [claim for claim in map(self._answer.claim, advice.because) if claim]
        parts = [f"because of {self._stated(claim)}" for claim in because]
        parts += [f"first {advice.precondition.replace('_', ' ')}"] if advice.precondition else []
        parts += [f"saves {self._value(saving)}"] if saving else []
        parts += ["can be undone" if advice.reversible else "cannot be undone"] if advice.reversible is not None else []
        return f" ({'; '.join(parts)})" if parts else ""

    def _forecast(self) -> Iterator[str]:
        said = self._answer.forecast
        if said is None:
            return
        point = f"{shown(said.point)}, " if said.point is not None else ""
        text = f"{said.quantity}: {point}{shown(said.low)} to {shown(said.high)} {said.unit}"
        held = "forecast" not in {fault.check for fault in self._checked.faults}
        how = f"{said.level * 100:.0f} % interval, {self._words(said.method, 'forecast')}"
        yield f"- {text if held else self._struck(text)} ({how}) {_ids(said.evidence)}"

    def _unknowns(self) -> Iterator[str]:
        """Unknowns with one reason, one step and one subject stand in one line."""
        lines: dict[tuple[str, str, str], list[str]] = {}
        for unknown in self._answer.unknowns:
            known = next((one for one in self._run.unmeasured if one.quantity == unknown.quantity), None)
            how = (known.how if known else "") or self._words(unknown.how, f"unknowns {unknown.quantity}")
            lines.setdefault((unknown.subject or "", unknown.why, how), []).append(unknown.quantity)
        for (subject, why, how), quantities in lines.items():
            of = f" of {subject}" if subject else ""
            yield f"- {', '.join(quantities)}{of}: unknown, {why}{f'; to know: {how}' if how else ''}"
        for failed in self._answer.failed_evidence:
            yield f"- {failed} was not obtained"
        silent = [one for one in self._run.unmeasured if not self._says(one.quantity)]
        if silent:
            names = ", ".join(dict.fromkeys(one.quantity for one in silent))
            yield f"- not checked either: {names}"

    def _says(self, quantity: str) -> bool:
        return any(unknown.quantity == quantity for unknown in self._answer.unknowns)

    def _faults(self) -> Iterator[str]:
        for number in self._checked.bad_numbers():
            yield f"- {self._struck(number.text)}: {number.status}. {number.says}"
        for fault in self._checked.faults:
            yield f"- {fault.check}: {fault.says}"

    def _stated(self, claim: Claim) -> str:
        """A claim as a phrase: what, of what, how much, behind it."""
        value = self._value(claim)
        match claim:
            case Observed():
                stat = f"{claim.stat} " if claim.stat and claim.stat not in ("instant", "count") else ""
                return f"{stat}{claim.quantity} of {claim.subject} {value}"
            case Computed():
                return f"{claim.quantity} of {claim.subject} {value}"
            case Target():
                return f"declared target {claim.quantity} of {claim.subject} {value}"
            case Users():
                return f"{value} (your number, not measured here)"
            case Threshold():
                return f"threshold {claim.policy} {value}"
            case Assumed():
                return f"assumed {value}: {self._words(claim.because, f'claims {claim.id}')}"

    def _value(self, claim: Claim) -> str:
        """The number with its unit and evidence; struck out if it does not hold."""
        number = f"{shown(claim.value)} {claim.unit}".removesuffix(" 1").removesuffix(" text").removesuffix(" bool")
        result = self._results.get(claim.id)
        if result is None or result.status in BAD or claim.id in self._faulty:
            return f"{self._struck(number)} (does not hold)"
        if isinstance(claim, Computed):
            return f"{number} (computed: {_formula(claim)})"
        pointers = [pointer for pointer in result.by if not isinstance(claim, Threshold)]
        return f"{number}{self._samples(claim)} {_ids(pointers)}".rstrip()

    def _samples(self, claim: Claim) -> str:
        """The sample count beside a percentile, and a word where it is too small."""
        if not isinstance(claim, Observed):
            return ""
        field = self._field(claim.evidence[0])
        if field is None or field.n is None:
            return ""
        needed = samples_needed(claim.stat)
        few = ", too few samples" if needed and field.n < needed else ""
        return f" (n = {field.n:,}{few})" if needed else ""

    def _cited(self, pointer: str) -> str:
        field = self._field(pointer)
        if field is None:
            return self._struck(pointer)
        stat = f"{field.stat} " if field.stat else ""
        of = f" of {field.subject}" if field.subject else ""
        value = f"{shown(field.value)} {field.unit}".removesuffix(" 1")
        return f"{stat}{field.quantity or 'value'}{of} {value} {_ids([pointer])}"

    def _field(self, pointer: str) -> Field | None:
        try:
            return self._run.ledger.resolve(pointer)
        except PointerError:
            return None

    def _words(self, text: str, place: str) -> str:
        """Free words with their references filled in; struck out where a check refused them."""
        refused = any(fault.about == place for fault in self._checked.faults)
        filled = REFERENCE.sub(lambda match: self._filled(match[1]), text)
        return self._struck(filled) if refused and filled else filled

    def _filled(self, identifier: str) -> str:
        claim = self._answer.claim(identifier)
        return self._value(claim) if claim else self._struck(identifier)

    def _section(self, title: str, lines: Iterator[str]) -> list[str]:
        body = list(lines)
        heading = f"## {title}" if self._markdown else title.upper()
        return ["", heading, *body] if body else []

    def _bold(self, text: str) -> str:
        return f"**{text}**" if self._markdown else text

    def _struck(self, text: str) -> str:
        return f"~~{text}~~" if self._markdown else f"[struck out: {text}]"


def _is(code: str, subject: str, known: Judged) -> bool:
    return code == known.code and same(subject, known.subject)


def _ids(pointers: object) -> str:
    names = [str(pointer).removesuffix("#/value") for pointer in pointers] if isinstance(pointers, list | tuple) else []
    return f"[{' '.join(names)}]" if names else ""


def _formula(claim: Computed) -> str:
    """The formula with the evidence in place of the names, so that a reader can follow it."""
    pointers = {each.name: each.evidence.removesuffix("#/value") for each in claim.inputs}
    spaced = re.sub(r"\s*([-+*/])\s*", r" \1 ", claim.formula)
    return re.sub(r"[A-Za-z_]\w*", lambda match: pointers.get(match.group(), match.group()), spaced).strip()
