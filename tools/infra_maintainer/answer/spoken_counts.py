"""Number words in a comment that can be checked: counts of what the reports list, and values that the sentence cites.

"Two hosts are full: {c1} and {c2}" holds if two hosts are meant; "about ninety users" can be checked by nobody.
"""

import re
from collections.abc import Iterable, Iterator

from infra_maintainer.answer.model import REFERENCE, Answer, Claim, Threshold, Users
from infra_maintainer.answer.numbers import Number
from infra_maintainer.answer.run import SEVERITIES, Run
from infra_maintainer.answer.spoken_values import marked_as_users, repeats
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
_NOUNS = re.compile(r"((?:\s+(?:of|the|these|those|our|your)\b)*(?:\s+[a-z][a-z-]*){1,4})", re.IGNORECASE)
# Nobody counts people here: a value of five beside "five customers" says nothing about them.
_PEOPLE = frozenset({"user", "customer", "people", "visitor", "person", "employee", "shopper", "client", "buyer"})


def checked(number: Number, sentence: str, answer: Answer, run: Run, asked: Iterable[Number]) -> bool:
    """True if the number, read from `sentence`, is one that listed things or cited values bear out."""
    claims = [claim for claim in map(answer.claim, REFERENCE.findall(sentence)) if claim]
    words = _nouns(number, sentence)
    if _PEOPLE & words:
        return marked_as_users(number, sentence, claims, asked)
    # "Five findings" beside a value of 4.95 is a count of findings, and nothing else.
    if not _LISTED & words and repeats(number, sentence, claims, asked):
        return True
    if number.unit not in (None, "1") or number.decimals or number.value < 1:
        return False
    if number.value == _announced(number, sentence):
        return True
    return any(number.value == count for count in _counts(number, sentence, words, claims, answer, run))


def _nouns(number: Number, sentence: str) -> set[str]:
    """The words behind a number, in the singular, each alone and with the next one."""
    found = _NOUNS.match(sentence, number.end)
    words = [_singular(word) for word in (found[1].lower().split() if found else ())]
    return {*words, *(f"{first} {second}" for first, second in zip(words, words[1:], strict=False))}


def _announced(number: Number, sentence: str) -> int:
    """How many references follow the colon that the number leads to: "two things end: {c1} and {c2}"."""
    lead, colon, rest = sentence[number.end :].partition(":")
    if not colon or REFERENCE.search(lead):
        return 0
    return len(set(REFERENCE.findall(rest)))


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
