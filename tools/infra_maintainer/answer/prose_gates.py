"""What free text must say beside its numbers: the verdict, the loud findings, the unknowns."""

import re
from collections.abc import Iterator

from infra_maintainer.answer import wording
from infra_maintainer.answer.ledger import POINTER, PointerError
from infra_maintainer.answer.model import Verdict
from infra_maintainer.answer.run import SEVERITIES, VERDICTS, Judged, Run, Unmeasured
from infra_maintainer.answer.samples import samples_needed
from infra_maintainer.answer.subjects import names
from infra_maintainer.answer.verification import Fault, NumberResult
from infra_maintainer.answer.vocabulary import vocabulary

_VERDICT = re.compile(
    r"\bverdict\b[\s:*_`—–-]*(?:is|stays|remains|:)?[\s*_`\"']*(healthy|at[ _-]risk|degraded|critical|unknown)\b",
    re.IGNORECASE,
)
_SEVERITY = re.compile(
    r"\bseverity\b[\s:*_`—–-]*(?:is|:)?[\s*_`\"']*(critical|high|medium|low|none|unknown)\b", re.IGNORECASE
)
_CITATION = re.compile(POINTER)
_UNKNOWN_WORD = re.compile(
    r"\b(?:unknowns?|could(?: not|n't)|cannot|can't|unable|missing|denied|timed out|time-?out|unreachable|unchecked"
    r"|unmeasured|unverified|failed to|without (?:data|access)|never (?:measured|tested)"
    r"|no (?:data|history|access|measurement|record|permission)"
    r"|not (?:known|measured|checked|available|recorded|obtained|configured|reachable|readable|tested|seen|visible))\b",
    re.IGNORECASE,
)
_FEW = re.compile(
    r"\b(?:too few|few samples|only \S+ (?:samples|requests|probes)|not enough samples|n = )", re.IGNORECASE
)
# A mean that is named to be refused may come first.
_LEADS = re.compile(r"\b(?:mean|average)s? (?:\S+ ){0,4}?(?:hides?|misleads?|masks?|says little|is not)", re.IGNORECASE)
_LOUD = ("critical", "high")


def judge(text: str, numbers: tuple[NumberResult, ...], run: Run) -> Iterator[Fault]:
    """Every fault of a free text that is not a number."""
    yield from _verdict(text, run)
    yield from _citations(text, run)
    yield from _findings(text, numbers, run)
    yield from _unknowns(text, run)
    yield from _tails(text, numbers, run)
    yield from _words(text, run)


def _verdict(text: str, run: Run) -> Iterator[Fault]:
    said = [_word(match[1]) for match in _VERDICT.finditer(text)]
    if run.verdict is None:
        return
    if not said:
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
    spoken = [sentence.lower() for _, sentence in wording.sentences(text)]
    # A heading "Unknown" speaks for the list under it.
    section = re.search(
        r"^[-#*\s]*(?:what is )?(?:unknowns?|not known|not checked|not measured|blind spots)\b.*?(?=^\#|\Z)",
        text,
        re.I | re.M | re.S,
    )
    admitted = " ".join(
        [sentence for sentence in spoken if _UNKNOWN_WORD.search(sentence)] + ([section[0].lower()] if section else [])
    )
    for missing in run.unmeasured:
        if missing.attempted and not _admits(admitted, missing):
            says = f"{missing.quantity} of {missing.subject} is unknown ({missing.why}) and the text does not say so"
            yield Fault(check="says_unknown", says=says, do="say that it is unknown and why")
    for entry in run.ledger.failed():
        if entry.quantity is None and entry.id.lower() not in admitted:
            says = f"{entry.id} was not obtained ({entry.status}) and the text does not say so"
            yield Fault(check="tool_failures_disclosed", says=says, do=f"name {entry.id} and say that it failed")


def _admits(admitted: str, missing: Unmeasured) -> bool:
    quantity = missing.quantity.lower()
    if quantity in admitted or (missing.evidence and missing.evidence.lower() in admitted):
        return True
    words = [word for word in re.split(r"[^a-z0-9]+", quantity) if len(word) > 2]
    family = words[0] if words else quantity
    said = {word for word, meaning in vocabulary().families.items() if meaning == family}
    spelled = re.split(r"[^a-z0-9]+", admitted)
    if words and all(word in spelled or f"{word}s" in spelled for word in words):
        return True
    return any(re.search(rf"\b{re.escape(word)}\b", admitted) for word in said)


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
    for number in numbers:
        field = latency.get(number.by[0]) if number.by else None
        needed = samples_needed(field.stat) if field else None
        if field and needed and field.n is not None and field.n < needed and not _FEW.search(text):
            says = f"{number.text} is a {field.stat} of {field.n} samples; {needed} are needed"
            yield Fault(check="tail_reported", says=says, do="say the sample count and that it is too few")


def _words(text: str, run: Run) -> Iterator[Fault]:
    for hit in wording.dangers(text):
        says = f"{hit.text!r} advises to give up a protection"
        yield Fault(check="no_dangerous_action", says=says, do="remove it, or say plainly that it must not be done")
    if run.verdict in (None, "healthy") and not any(one.attempted for one in run.unmeasured):
        return
    for hit in wording.reassurances(text):
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
