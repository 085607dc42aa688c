"""Number words that repeat or compare values: those that the sentence cites, their ratio, or the user's own."""

import re
from collections.abc import Iterable

from infra_maintainer.answer.equality import agrees, equal
from infra_maintainer.answer.model import Claim, Users
from infra_maintainer.answer.numbers import Number
from infra_maintainer.answer.units import convert

_USERS = re.compile(r"\b(?:you|your|yours|question|asked|dashboard|rule of thumb|leadership|finance)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|cannot|never|no|wrong|nor)\b|n't\b", re.IGNORECASE)
# "Not thirty percent", "zero cannot stand": the number itself is denied.
_DENIED_BEFORE = re.compile(r"\b(?:not|never|no|nor)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_DENIED_AFTER = re.compile(
    r"\s+(?:\w+\s+){0,3}?(?:cannot|(?:is|are|does|do|must|should|may) not|(?:is|are|would be) wrong)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"[,;:()—]")
_COMPARED = re.compile(
    r"\b(?:(?P<less>(?:less|lower|fewer|smaller|shorter|faster|better|stricter|tighter) than|under|below)"
    r"|(?:more|higher|greater|larger|longer|slower|worse|looser) than|over|above)\s+(?:the\s+|a\s+)?$",
    re.IGNORECASE,
)
_MORE_THAN = re.compile(r"\b(?:more than|over|above|at least)\s+$", re.IGNORECASE)
_LESS_THAN = re.compile(r"\b(?:less than|under|below|nearly|almost|not quite)\s+$", re.IGNORECASE)
_NOT_ZERO = re.compile(r"\b(?:not|never|above|over|than|from)\s+$", re.IGNORECASE)


def repeats(number: Number, sentence: str, claims: list[Claim], asked: Iterable[Number]) -> bool:
    """True if the number is a value that the sentence cites, follows from two of them, or is the user's."""
    values = [claim for claim in claims if not isinstance(claim.value, bool | str)]
    if any(_is_value(number, claim) or _is_whole_part(number, sentence, claim) for claim in values):
        return True
    if _not_zero(number, sentence, values) or _is_ratio(number, values):
        return True
    return marked_as_users(number, sentence, values, asked)


def marked_as_users(number: Number, sentence: str, claims: list[Claim], asked: Iterable[Number]) -> bool:
    """True if the number is of the question, and the sentence calls it the user's, denies it or compares it truly."""
    return any(_is_users(number, one) for one in asked) and _is_marked(number, sentence, claims)


def _is_value(number: Number, claim: Claim) -> bool:
    if isinstance(claim, Users) or isinstance(claim.value, bool | str):
        return False
    if number.unit == "x" and claim.unit not in ("x", "%"):
        return False  # a count of two is no doubling
    unit = number.unit or ("1" if number.value else claim.unit)  # zero is zero in every unit
    return agrees(number.value, number.decimals, unit, claim.value, claim.unit)


def _is_whole_part(number: Number, sentence: str, claim: Claim) -> bool:
    """ "More than four times" beside 4.47 x, "almost five times" too."""
    if number.unit != "x" or claim.unit != "x" or isinstance(claim.value, bool | str):
        return False
    ahead, whole = sentence[: number.start], int(claim.value)
    above = bool(_MORE_THAN.search(ahead)) and number.value == whole < claim.value
    return above or bool(_LESS_THAN.search(ahead)) and number.value == whole + 1


def _is_ratio(number: Number, claims: list[Claim]) -> bool:
    """ "Three times what the target allows" of a sentence that cites these two values and no other."""
    two = {claim.id: claim for claim in claims}
    if number.unit not in ("x", "%") or len(two) != 2:
        return False
    first, second = two.values()
    if isinstance(first.value, bool | str) or isinstance(second.value, bool | str):
        return False
    same = convert(second.value, second.unit, first.unit)
    if not same or not first.value:
        return False
    scale = 100 if number.unit == "%" else 1
    return any(equal(number.value, number.decimals, scale * one) for one in (first.value / same, same / first.value))


def _not_zero(number: Number, sentence: str, claims: list[Claim]) -> bool:
    """ "It is not zero" beside values of which none is zero."""
    said = number.value == 0 and bool(_NOT_ZERO.search(sentence[: number.start]))
    return said and bool(claims) and all(claim.value for claim in claims)


def _is_users(number: Number, said: Number) -> bool:
    return agrees(number.value, number.decimals, number.unit or "1", said.value, said.unit or number.unit or "1")


def _is_marked(number: Number, sentence: str, claims: list[Claim]) -> bool:
    """The user's number is called theirs, denied, or compared in the true direction with what the sentence cites."""
    found = _COMPARED.search(sentence[: number.start])
    if found is None:
        ahead, behind = _CLAUSE.split(sentence[: number.start])[-1], _CLAUSE.split(sentence[number.end :])[0]
        return bool(_USERS.search(sentence) or _DENIED_BEFORE.search(ahead) or _DENIED_AFTER.match(behind))
    less = bool(found["less"])
    if _DENIED.search(_CLAUSE.split(sentence[: found.start()])[-1]):
        less = not less
    for claim in claims:
        value = None if isinstance(claim.value, bool | str) else convert(claim.value, claim.unit, number.unit or "1")
        if value is not None and (value < number.value if less else value > number.value):
            return True
    return False
