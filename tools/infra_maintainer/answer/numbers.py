"""Numbers in text: value, shown precision, unit; figures, number words and ranges."""

import re
from dataclasses import dataclass, replace
from types import MappingProxyType

from infra_maintainer.answer.blanking import blank, without_code
from infra_maintainer.answer.units import canonical, convert, spellings

_SCALES: MappingProxyType[str, int] = MappingProxyType(
    {"k": 3, "K": 3, "thousand": 3, "M": 6, "mn": 6, "million": 6, "bn": 9, "billion": 9}
)
_CURRENCY = r"US\$|\$|€|£|USD|EUR|GBP"
_UNIT = "|".join(re.escape(word) for word in spellings())
_RATE = r"(?:\s?/\s?|\s+per\s+|\s+an?\s+)(?:second|sec|s|minute|min|hour|hr|h|day|d|week|wk|month|mo|year|yr)\b"
_COUNTED_RATE = rf"\s?[A-Za-z]+{_RATE.replace('|s|', '|s|')}"

_FIGURE = re.compile(
    rf"(?P<currency>(?:{_CURRENCY})\s?)?"
    r"(?<![\w.])(?P<sign>(?<![\w)])[-−+])?"
    r"(?P<digits>\d{1,3}(?:[,_\u00a0\u202f']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<exponent>e[+-]?\d+)?"
    r"(?:\s?(?P<scale>thousand|million|billion|mn|bn|k|K|M)(?![A-Za-z]))?"
    rf"(?:[\s\u00a0\u202f-]?(?P<unit>{_UNIT})(?![A-Za-z]))?"
    rf"(?:(?P<rate>{_RATE})|(?P<counted>{_COUNTED_RATE}))?"
)

_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_GROUPS = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_LARGEST_SAID = 10**15
_WORD = "|".join(sorted((*_SMALL, *_TENS, *_GROUPS), key=len, reverse=True))
_WORDS = re.compile(
    rf"\b(?P<words>(?:(?:a|an)\s(?=hundred|thousand|million))?(?:{_WORD})(?:(?:[\s-]|\sand\s)(?:{_WORD}))*)"
    rf"(?P<half>\sand\sa\shalf)?\b(?:[\s-](?P<unit>{_UNIT})(?![A-Za-z]))?(?P<rate>{_RATE})?",
    re.IGNORECASE,
)
# Multiples and shares said in one word. Vague amounts ("dozens of") claim a number and cannot be checked.
_SAID: MappingProxyType[str, tuple[float, str]] = MappingProxyType(
    {
        "half": (50, "%"),
        "a third": (33, "%"),
        "one third": (33, "%"),
        "two thirds": (67, "%"),
        "two-thirds": (67, "%"),
        "a quarter": (25, "%"),
        "three quarters": (75, "%"),
        "twice": (2, "x"),
        "double": (2, "x"),
        "doubled": (2, "x"),
        "doubles": (2, "x"),
        "triple": (3, "x"),
        "tripled": (3, "x"),
        "threefold": (3, "x"),
        "fourfold": (4, "x"),
        "fivefold": (5, "x"),
        "tenfold": (10, "x"),
        "quadrupled": (4, "x"),
        "an order of magnitude": (10, "x"),
        "a dozen": (12, "1"),
        "dozens": (24, "1"),
        "hundreds": (200, "1"),
        "thousands": (2_000, "1"),
    }
)
_SAYING = re.compile(
    rf"\b(?:{'|'.join(sorted(map(re.escape, _SAID), key=len, reverse=True))})\b(?!-check|\scheck)", re.IGNORECASE
)
# Small counts of the text's own parts are about the text: "two steps", "three reasons".
_OF_THE_TEXT = re.compile(
    r"\s(?:\w+\s)?(?:steps?|reasons?|ways?|options?|things?|points?|parts?|questions?|words?|sentences?|actions?|changes?)\b",
    re.IGNORECASE,
)
# "a third host" is the next one; "a third of the hosts" and "a third slower" are shares.
_IN_ORDER = re.compile(r"\s+(?!of\b|more\b|less\b|fewer\b|\w+er\b|than\b|and\b|or\b)[a-z]", re.IGNORECASE)
# "the one", "one of", "no one", "at one": one is a pronoun more often than a number.
_PRONOUN = frozenset({"one"})


@dataclass(frozen=True)
class Number:
    """One number as it stands in a text; `decimals` is negative where k or M scaled it."""

    text: str
    start: int
    end: int
    value: float
    decimals: int
    unit: str | None
    in_words: bool = False


def read(text: str, names: tuple[str, ...] = ()) -> list[Number]:
    """Every number in `text`, in order; `names` are subjects of the run whose digits are part of the name."""
    plain = blank(without_code(text), names)
    found = [*_figures(plain)]
    taken = [(number.start, number.end) for number in found]
    for number in (*_sayings(plain), *_in_words(plain)):
        if all(number.end <= start or number.start >= end for start, end in taken):
            found.append(number)
            taken.append((number.start, number.end))
    return _compounds(_ranges(sorted(found, key=lambda number: number.start), plain), plain)


def _figures(text: str) -> list[Number]:
    numbers: list[Number] = []
    for match in _FIGURE.finditer(text):
        digits = re.sub(r"[,_\u00a0\u202f']", "", match["digits"])
        power = _SCALES.get(match["scale"] or "", 0) + int((match["exponent"] or "e0")[1:])
        value = float(digits) * 10.0**power * (-1 if match["sign"] in ("-", "−") else 1)
        places = len(digits.partition(".")[2]) - power
        unit, end = _unit(match)
        numbers.append(Number(text[match.start() : end], match.start(), end, value, places, unit))
    return numbers


def _unit(match: re.Match[str]) -> tuple[str | None, int]:
    """The canonical unit after or before the figure, and where the number ends."""
    currency = (match["currency"] or "").strip()
    unit = canonical(currency) if currency else canonical(match["unit"]) if match["unit"] else None
    end = match.end("unit") if match["unit"] else max(match.end("digits"), match.end("scale"), match.end("exponent"))
    if match["rate"]:
        under = canonical(re.sub(r"^\s*(?:/|per\s|an?\s)\s*", "", match["rate"]))
        return f"{unit or '1'}/{under}", match.end("rate")
    if match["counted"] and unit is None:
        under = re.split(r"/|\sper\s|\san?\s", match["counted"])[-1].strip()
        return f"1/{canonical(under)}", match.end("counted")
    return unit, end


def _in_words(text: str) -> list[Number]:
    numbers: list[Number] = []
    for match in _WORDS.finditer(text):
        words = re.findall(_WORD, match["words"].lower())
        unit = canonical(match["unit"].lower()) if match["unit"] else None
        alone = len(words) == 1 and not match["half"] and unit is None
        if alone and (words[0] in _PRONOUN or _OF_THE_TEXT.match(text, match.end("words"))):
            continue
        value = float(_said(words)) + (0.5 if match["half"] else 0.0)
        if match["rate"]:
            unit = f"{unit or '1'}/{canonical(re.split(r'/|per |an? ', match['rate'])[-1].strip())}"
        numbers.append(Number(match.group(), match.start(), match.end(), value, 1 if match["half"] else 0, unit, True))
    return numbers


def _said(words: list[str]) -> int:
    total = group = 0
    for word in words:
        if word == "hundred":
            group = max(group, 1) * 100
        elif word in _GROUPS:
            total += max(group, 1) * _GROUPS[word]
            group = 0
        else:
            group += _SMALL.get(word, 0) + _TENS.get(word, 0)
    return min(total + group, _LARGEST_SAID)


def _sayings(text: str) -> list[Number]:
    return [
        Number(match.group(), match.start(), match.end(), *_said_as(match.group().lower()), in_words=True)
        for match in _SAYING.finditer(text)
        if not (match.group().lower() == "a third" and _IN_ORDER.match(text, match.end()))
    ]


def _said_as(saying: str) -> tuple[float, int, str]:
    value, unit = _SAID[saying]
    return value, 0, unit


def _ranges(numbers: list[Number], text: str) -> list[Number]:
    """In "40-50 ms", "40 to 50 ms" and "between 40 and 50 ms" the first number has the unit of the second."""
    for index, (first, second) in enumerate(zip(numbers, numbers[1:], strict=False)):
        between = text[first.end : second.start].strip()
        described = between == "," and "-" in second.text  # "2.86, 15-minute mean": another number's unit
        joined = not described and between in {"-", "–", "—", "to", "..", "...", "and", ",", "/", "or", "→", "->"}
        signed = between == "" and second.text.startswith(("-", "−")) and first.end == second.start
        if first.unit is None and second.unit is not None and (joined or signed):
            numbers[index] = replace(first, unit=second.unit)
        if signed:
            numbers[index + 1] = replace(second, value=-second.value)
    return numbers


_TIMES = ("d", "h", "min", "s", "ms")


def _compounds(numbers: list[Number], text: str) -> list[Number]:
    """ "6 h 12 min" is one duration, in the smaller unit."""
    merged: list[Number] = []
    for number in numbers:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.unit in _TIMES
            and number.unit in _TIMES
            and _TIMES.index(last.unit) < _TIMES.index(number.unit)
            and text[last.end : number.start].strip() in {"", "and"}
        ):
            whole = (convert(last.value, last.unit, number.unit) or 0.0) + number.value
            span = text[last.start : number.end]
            merged[-1] = replace(number, text=span, start=last.start, value=whole)
            continue
        merged.append(number)
    return merged
