"""What free text must say beside its numbers: the verdict, the loud findings, the unknowns."""

import re
from collections.abc import Iterator

from infra_maintainer.answer import wording
from infra_maintainer.answer.ledger import POINTER, PointerError
from infra_maintainer.answer.model import Severity, Verdict
from infra_maintainer.answer.reassurance import too_much
from infra_maintainer.answer.run import SEVERITIES, VERDICTS, Judged, Run, Unmeasured
from infra_maintainer.answer.samples import samples_needed
from infra_maintainer.answer.subjects import names
from infra_maintainer.answer.verbatim import repeated
from infra_maintainer.answer.verification import Fault, NumberResult
from infra_maintainer.answer.vocabulary import vocabulary

_VERDICT = re.compile(
    r"\bverdict\b[\s:*_`—–-]*(?:is|stays|remains|:)?[\s*_`\"']*(healthy|at[ _-]risk|degraded|critical|unknown)\b",
    re.IGNORECASE,
)
_OF_ONE_JOB = re.compile(r"[*_`\s]*(?:\(|for\s+)(?:health|capacity|costs?|security|recovery)\b", re.IGNORECASE)
_SEVERITY = re.compile(
    r"\bseverity\b[\s:*_`—–-]*(?:is|:)?[\s*_`\"']*(critical|high|medium|low|none|unknown)\b", re.IGNORECASE
)
_CITATION = re.compile(POINTER)
_UNKNOWN_WORD = re.compile(
    r"\b(?:unknowns?|could(?: not|n't)|cannot|can't|unable|missing|denied|timed out|time-?out|unreachable|unchecked"
    r"|unmeasured|unverified|failed to|without (?:data|access)|never (?:measured|tested)"
    r"|no (?:data|history|access|measurement|record|permission)"
    r"|nothing (?:\w+ ){0,4}(?:was|were|is|are) (?:measured|checked)"
    r"|(?:not|nothing|no \w+(?: \w+)?) (?:was |is |were |are )?(?:declared|configured)"
    r"|not (?:known|measured|checked|available|recorded|obtained|configured|reachable|readable|tested|seen|visible))\b",
    re.IGNORECASE,
)
_FEW = re.compile(
    r"\b(?:too few|few samples|only \S+ (?:samples|requests|probes)|not enough samples|n = )", re.IGNORECASE
)
# A mean that is named to be refused may come first.
_LEADS = re.compile(r"\b(?:mean|average)s? (?:\S+ ){0,4}?(?:hides?|misleads?|masks?|says little|is not)", re.IGNORECASE)
_SECTION = re.compile(
    r"^[-#*\s]*(?:what (?:is|i do(?: not|n't)) )?(?:unknowns?|not known|not checked|not measured|know|blind spots)\b"
    r".*?(?=^\#|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_NOTHING_FELT = re.compile(
    r"\b(?:nothing|none of what|no thing) (?:that |which )?users? (?:feel|meet|see|notice)s?\b[^.\n]{0,40}"
    r"\b(?:measured|checked|known|seen|observed)\b",
    re.IGNORECASE,
)
_SAYS_NOTHING = frozenset(
    "the whether not was were could been known measured unknown your and for are its how much many read seen had what"
    " this that with has have does did can".split()
)
# "The dashboard looks fine" tells what a dashboard shows.
_OTHERS_VIEW = re.compile(r"\b(?:dashboards?|averages?|means?)\b", re.IGNORECASE)
_LOUD = ("critical", "high")
# So many unknowns about machines may be told by their families: "CPU, memory and logs of web-1 are not known".
_MANY = 10
_FAMILIES_NAMED = 3
_SPOKEN = {
    "psi": ("pressure",), "journal": ("log", "logs"), "kernel": ("log", "logs"), "files": ("files", "file handles"),
    "systemd": ("services", "units"), "clock": ("clock",), "time": ("clock",),
}  # fmt: skip


def judge(text: str, numbers: tuple[NumberResult, ...], run: Run) -> Iterator[Fault]:
    """Every fault of a free text that is not a number."""
    yield from _verdict(text, run)
    yield from _citations(text, run)
    yield from _findings(text, numbers, run)
    yield from _unknowns(text, run)
    yield from _tails(text, numbers, run)
    yield from _words(text, run)


def _verdict(text: str, run: Run) -> Iterator[Fault]:
    stated = list(_VERDICT.finditer(text))
    said = [_word(match[1]) for match in stated]
    if run.verdict is None:
        return
    if any(VERDICTS.index(verdict) >= VERDICTS.index(run.verdict) for verdict in said):
        # With the worst verdict told, "Verdict: unknown (capacity)" is another job's and no softening.
        said = [_word(match[1]) for match in stated if not _OF_ONE_JOB.match(text, match.end())]
    if not stated:
        yield Fault(check="verdict", says="no verdict is stated", do=f"write: Verdict: {run.verdict}")
    for verdict in said:
        if VERDICTS.index(verdict) < VERDICTS.index(run.verdict):
            says = f"the text says verdict {verdict}; the reports say {run.verdict}"
            yield Fault(check="verdict", says=says, do=f"write: Verdict: {run.verdict}")
    for match in _SEVERITY.finditer(text):
        severity = next(one for one in SEVERITIES if one == match[1].lower())
        if said and run.severity and SEVERITIES.index(severity) < SEVERITIES.index(run.severity):
            loud = any(one.severity == severity for one in run.findings)
            if not loud:
                says = f"the text says severity {severity}; the reports say {run.severity}"
                yield Fault(check="severity", says=says, do=f"write: Severity: {run.severity}")


def stated(text: str) -> tuple[Verdict | None, Severity | None]:
    """The verdict and the severity that a text states, each where it first does so."""
    verdict, severity = _VERDICT.search(text), _SEVERITY.search(text)
    word = severity[1].lower() if severity else ""
    said: Severity | None = next((one for one in SEVERITIES if one == word), None)
    return _word(verdict[1]) if verdict else None, said


def _word(text: str) -> Verdict:
    return next(verdict for verdict in VERDICTS if verdict == re.sub(r"[ -]", "_", text.lower()))


def _citations(text: str, run: Run) -> Iterator[Fault]:
    for pointer in dict.fromkeys(_CITATION.findall(text)):
        if pointer.partition("#")[0] not in run.ledger:
            yield Fault(
                check="references", says=f"{pointer} is not evidence of this run", do="cite what a tool returned"
            )
            continue
        try:
            run.ledger.resolve(pointer)
        except PointerError as error:
            if "was not obtained" not in str(error):
                yield Fault(check="references", says=str(error), do="cite the evidence id alone")


def _findings(text: str, numbers: tuple[NumberResult, ...], run: Run) -> Iterator[Fault]:
    cited = {pointer.partition("#")[0] for pointer in _CITATION.findall(text)}
    cited |= {pointer.partition("#")[0] for number in numbers for pointer in number.by}
    for finding in run.findings:
        if finding.severity in _LOUD and not _mentions(text, finding, cited):
            says = f"the {finding.severity} finding {finding.code} on {finding.subject} is not mentioned"
            yield Fault(check="findings", says=says, do=f"name it with its code {finding.code}")


def _mentions(text: str, finding: Judged, cited: set[str]) -> bool:
    """By code, by the code's words with the subject, or by one of its evidence ids."""
    lower = text.lower()
    if finding.code.lower() in lower or cited & {pointer.partition("#")[0] for pointer in finding.evidence}:
        return True
    words = [word for word in re.split(r"[^a-z0-9]+", finding.code.lower()) if len(word) > 2]
    named = any(name in lower for name in names(finding.subject))
    return named and bool(words) and all(word in lower for word in words)


def _unknowns(text: str, run: Run) -> Iterator[Fault]:
    """Unknowns about what users feel are told one by one; others may be told as a group, with their number or list."""
    admitted = _Admitted(text, run)
    for missing in run.unmeasured:
        if missing.attempted and not admitted.tells(missing):
            says = f"{missing.quantity} of {missing.subject} is unknown ({missing.why}) and the text does not say so"
            do = "say that it is unknown and why"
            yield Fault(check="says_unknown", says=says, do=do if missing.user_facing else f"{do}, or name the report")
    for entry in run.ledger.failed():
        if entry.quantity is None and entry.id.lower() not in admitted.text:
            says = f"{entry.id} was not obtained ({entry.status}) and the text does not say so"
            yield Fault(check="tool_failures_disclosed", says=says, do=f"name {entry.id} and say that it failed")


class _Admitted:
    """What a text says it does not know."""

    def __init__(self, text: str, run: Run) -> None:
        spoken = [sentence.lower() for _, sentence in wording.sentences(text)]
        sentences = [sentence for sentence in spoken if _UNKNOWN_WORD.search(sentence)]
        # A heading "Unknown" speaks for the list under it.
        section = _SECTION.search(text)
        parts = [*sentences, *(section[0].lower().splitlines() if section else [])]
        self.text = " ".join(parts)
        self._parts = [_stems(part) for part in parts]
        self._nothing_felt = bool(_NOTHING_FELT.search(text))
        unknowns = {str(len(run.unmeasured)), *(str(count) for count in run.counts)}
        named = any(report in self.text for report in run.reports)
        counted = any(re.search(rf"\b{count} (?:\w+ ){{0,2}}unknowns?\b", self.text) for count in unknowns)
        self._group = named or counted or self._by_family(run)

    def _by_family(self, run: Run) -> bool:
        """True if many unknowns about machines are told by naming their families, as a person would."""
        owed = [missing for missing in run.unmeasured if missing.attempted and not missing.user_facing]
        told = {missing.quantity.partition(".")[0] for missing in owed if self._own_words(missing)}
        return len(owed) >= _MANY and len(told) >= _FAMILIES_NAMED

    def tells(self, missing: Unmeasured) -> bool:
        """True if this unknown is told: by quantity, by id, in its own words, or in a group."""
        if missing.user_facing and self._nothing_felt or not missing.user_facing and self._group:
            return True
        return self._own_words(missing)

    def _own_words(self, missing: Unmeasured) -> bool:
        if missing.quantity.lower() in self.text or (missing.evidence and missing.evidence.lower() in self.text):
            return True
        quantity = _stems(missing.quantity)
        family = missing.quantity.partition(".")[0]
        spoken = {word for word, meaning in vocabulary().families.items() if meaning == family}
        spoken |= set(_SPOKEN.get(family, ()))
        about = _stems(" ".join((missing.quantity, missing.subject, missing.says))) - _SAYS_NOTHING
        for part in self._parts:
            if quantity and quantity <= part or {family, *spoken} & part or len(about & part) > 1:
                return True
        return False


def _stems(text: str) -> set[str]:
    """Words of three letters and more, without a plural's s."""
    return {word.removesuffix("s") for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 2}


def _tails(text: str, numbers: tuple[NumberResult, ...], run: Run) -> Iterator[Fault]:
    """A mean alone, or first, is no latency verdict; a percentile of few samples says so."""
    latency = {
        field.pointer: field
        for field in run.ledger.fields()
        if "latency" in (field.quantity or "") and not field.about_measurement
    }
    tails = [field for field in latency.values() if field.stat in ("p95", "p99")]
    said = [latency[pointer] for number in numbers for pointer in number.by[:1] if pointer in latency]
    told = {field.stat for field in said}
    mean_first = bool(said) and said[0].stat == "mean" and not _LEADS.search(text)
    if tails and said and (mean_first or not told & {"p95", "p99", "max"}):
        says = f"the text leads with the {said[0].stat} of the latency" if mean_first else "no P95 or P99 is told"
        yield Fault(check="tail_reported", says=says, do=f"lead with {tails[0].described()}")
    samples = {field.pointer: field.value for field in run.ledger.fields() if field.pointer.endswith("#/n")}
    counted = {samples[pointer] for number in numbers for pointer in number.by if pointer in samples}
    for number in numbers:
        field = latency.get(number.by[0]) if number.by else None
        needed = samples_needed(field.stat) if field else None
        if field is None or needed is None or field.n is None:
            continue
        if field.n < needed and field.n not in counted and not _FEW.search(text):
            says = f"{number.text} is a {field.stat} of {field.n} samples; {needed} are needed"
            yield Fault(check="tail_reported", says=says, do="say the sample count and that it is too few")


def _words(text: str, run: Run) -> Iterator[Fault]:
    copied = repeated(text, run.told)
    for hit in wording.dangers(text):
        if any(span.holds(hit.start, hit.end) for span in copied):
            continue
        says = f"{hit.text!r} advises to give up a protection"
        yield Fault(check="no_dangerous_action", says=says, do="remove it, or say plainly that it must not be done")
    if run.verdict is None:
        return
    for hit in wording.reassurances(text):
        if run.verdict == "healthy" and not too_much(hit, run):
            continue
        if any(span.holds(hit.start, hit.end) for span in copied):
            continue
        if _OTHERS_VIEW.search(hit.sentence[: hit.sentence.find(hit.text)]):
            continue
        if _about_something_fine(hit.sentence.replace(hit.text, " "), run):
            continue
        says = f"{hit.text!r} reassures while the reports say {run.verdict}"
        yield Fault(check="wording", says=says, do="say what was measured instead")


def _about_something_fine(sentence: str, run: Run) -> bool:
    """True if the sentence names a family or subject, and none that a finding or an unknown is about."""
    lower = sentence.lower()
    known = vocabulary().families
    families = {known[word] for word in known if re.search(rf"\b{re.escape(word)}\b", lower)}
    troubled = {finding.code.partition(".")[0].lower() for finding in run.findings}
    troubled |= {word for finding in run.findings for word in re.split(r"[^a-z]+", finding.code.lower())}
    troubled |= {missing.quantity.partition(".")[0].lower() for missing in run.unmeasured if missing.attempted}
    bad_subjects = [name for finding in run.findings for name in names(finding.subject) if len(name) > 2]
    if families & troubled or any(name in lower for name in bad_subjects):
        return False
    good_subjects = {name for field in run.ledger.fields() if field.subject for name in names(field.subject)} - set(
        bad_subjects
    )
    return bool(families) or any(name in lower for name in good_subjects if len(name) > 2)
