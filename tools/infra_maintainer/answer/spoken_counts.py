"""Number words in a comment that can be checked: counts of what the reports list, and values that the sentence cites.

"Two hosts are full: {c1} and {c2}" holds if two hosts are meant; "about ninety users" can be checked by nobody.
"""

import re
from collections.abc import Iterable, Iterator

from infra_maintainer.answer.equality import agrees
from infra_maintainer.answer.model import REFERENCE, Answer, Claim, Threshold, Users
from infra_maintainer.answer.numbers import Number
from infra_maintainer.answer.run import SEVERITIES, Run
from infra_maintainer.answer.units import convert
from infra_maintainer.answer.vocabulary import vocabulary

HOW = (
    "make it a claim and write {its id}; a word may only count findings, unknowns or subjects that the reports list "
    "(two hosts: {c1} and {c2}), repeat a value that its sentence cites, or call the user's number theirs (your ...)"
)
_JUDGED = frozenset({"finding", "problem", "violation", "breach", "fault"})
_NOT_KNOWN = frozenset({"unknown"})
_LISTED = _JUDGED | _NOT_KNOWN
# Each is one reference: "two tails, {c1} and {c2}".
_REFERRED = frozenset({"tail", "percentile", "value", "figure", "reading", "measurement", "limit", "number"})
_OF = re.compile(r"\bof\s+(?:the\s+|our\s+|your\s+|all\s+)?$", re.IGNORECASE)
_LOOKED_AT = re.compile(r"\b(?:checked|measured|looked|declared|seen|watched|recorded|known|listed)\b", re.IGNORECASE)
_USERS = re.compile(r"\b(?:you|your|yours|question|asked|dashboard|rule of thumb|leadership|finance)\b", re.IGNORECASE)
_NOUNS = re.compile(r"((?:\s+(?:of|the|these|those|our|your)\b)*(?:\s+[a-z][a-z-]*){1,4})", re.IGNORECASE)
_COMPARED = re.compile(
    r"\b(?:(?P<less>(?:less|lower|fewer|smaller|shorter|faster|better|stricter|tighter) than|under|below)"
    r"|(?:more|higher|greater|larger|longer|slower|worse|looser) than|over|above)\s+(?:the\s+|a\s+)?$",
    re.IGNORECASE,
)
_MORE_THAN = re.compile(r"\b(?:more than|over|above|at least)\s+$", re.IGNORECASE)
_LESS_THAN = re.compile(r"\b(?:less than|under|below|nearly|almost|not quite)\s+$", re.IGNORECASE)
_NOT_ZERO = re.compile(r"\b(?:not|never|above|over|than|from)\s+$", re.IGNORECASE)


def checked(number: Number, sentence: str, answer: Answer, run: Run, asked: Iterable[Number]) -> bool:
    """True if the number, read from `sentence`, is one that listed things or cited values bear out."""
    claims = [claim for claim in map(answer.claim, REFERENCE.findall(sentence)) if claim]
    words = _nouns(number, sentence)
    # "Five findings" beside a value of 4.95 is a count of findings, and nothing else.
    if not _LISTED & words:
        if any(_is_value(number, claim) or _is_whole_part(number, sentence, claim) for claim in claims):
            return True
        if _not_zero(number, sentence, claims):
            return True
        users = any(_is_users(number, one) for one in asked)
        if users and (_USERS.search(sentence) or _is_compared(number, sentence, claims)):
            return True
    if number.unit not in (None, "1") or number.decimals or number.value < 1:
        return False
    return any(number.value == count for count in _counts(number, sentence, words, claims, answer, run))


def _nouns(number: Number, sentence: str) -> set[str]:
    """The words behind a number, in the singular, each alone and with the next one."""
    found = _NOUNS.match(sentence, number.end)
    words = [_singular(word) for word in (found[1].lower().split() if found else ())]
    return {*words, *(f"{first} {second}" for first, second in zip(words, words[1:], strict=False))}


def _is_value(number: Number, claim: Claim) -> bool:
    if isinstance(claim, Users) or isinstance(claim.value, bool | str):
        return False
    if number.unit == "x" and claim.unit not in ("x", "%"):
        return False  # a count of two is no doubling
    unit = number.unit or ("1" if number.value else claim.unit)  # zero is zero in every unit
    return agrees(number.value, number.decimals, unit, claim.value, claim.unit)


def _is_whole_part(number: Number, sentence: str, claim: Claim) -> bool:
    """ "More than four times" beside 4.47 x, "almost five times" too."""
    if number.unit != "x" or claim.unit != "x" or isinstance(claim, Users) or isinstance(claim.value, bool | str):
        return False
    ahead, whole = sentence[: number.start], int(claim.value)
    above = bool(_MORE_THAN.search(ahead)) and number.value == whole < claim.value
    return above or bool(_LESS_THAN.search(ahead)) and number.value == whole + 1


def _not_zero(number: Number, sentence: str, claims: list[Claim]) -> bool:
    """ "It is not zero" beside values of which none is zero."""
    values = [claim.value for claim in claims if not isinstance(claim.value, bool | str)]
    said = number.value == 0 and bool(_NOT_ZERO.search(sentence[: number.start]))
    return said and bool(values) and all(values)


def _is_users(number: Number, said: Number) -> bool:
    return agrees(number.value, number.decimals, number.unit or "1", said.value, said.unit or number.unit or "1")


def _is_compared(number: Number, sentence: str, claims: list[Claim]) -> bool:
    """ "Far less than one per cent" beside 0.32 %: a comparison with what the sentence cites, in its true direction."""
    found = _COMPARED.search(sentence[: number.start])
    if found is None:
        return False
    for claim in claims:
        if isinstance(claim.value, bool | str):
            continue
        value = convert(claim.value, claim.unit, number.unit or "1")
        if value is not None and (value < number.value if found["less"] else value > number.value):
            return True
    return False


def _counts(
    number: Number, sentence: str, words: set[str], claims: list[Claim], answer: Answer, run: Run
) -> Iterator[int]:
    """Every count that the noun behind the number could mean."""
    if _JUDGED & words:
        severity = next((one for one in SEVERITIES if one in words), None)
        yield sum(severity in (None, one.severity) for one in run.findings)
    if _NOT_KNOWN & words:
        yield from (len(answer.unknowns), len(run.unmeasured), sum(one.attempted for one in run.unmeasured))
    if _REFERRED & words:
        yield len(set(REFERENCE.findall(sentence)))
    kinds = vocabulary().kinds
    for kind in {kinds.get(word, word) for word in words}:
        yield from _subjects(kind, number, sentence, claims, run)
    for field in run.ledger.fields():
        if field.unit == "1" and not isinstance(field.value, bool | str) and not field.about_measurement:
            named = {_singular(word) for word in re.split(r"[^a-z]+", (field.quantity or "").lower())}
            if named & words and field.value == int(field.value):
                yield int(field.value)


def _subjects(kind: str, number: Number, sentence: str, claims: list[Claim], run: Run) -> Iterator[int]:
    """How many subjects of a kind there are: those cited here, those with findings, or all that were looked at."""
    cited = {claim.subject for claim in claims if not isinstance(claim, Users | Threshold)}
    for subjects in (cited, {one.subject for one in run.findings}, {one.subject for one in run.unmeasured}):
        yield _of_kind(kind, subjects)
    troubled = _of_kind(kind, {one.subject for one in run.findings})
    if _OF.search(sentence[: number.start]) or _LOOKED_AT.search(sentence) or not troubled:
        yield _of_kind(kind, {field.subject for field in run.ledger.fields()})


def _of_kind(kind: str, subjects: Iterable[str | None]) -> int:
    return len({subject for subject in subjects if subject and subject.partition(":")[0] == kind})


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith("sses") else word.removesuffix("s") if not word.endswith("ss") else word
