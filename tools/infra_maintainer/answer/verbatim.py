"""What a text repeats word for word from the reports: it was written by code, with its numbers."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from infra_maintainer.answer.numbers import Number, read


class Span(NamedTuple):
    """A stretch of text."""

    start: int
    end: int

    def holds(self, start: int, end: int) -> bool:
        """True if a stretch lies inside."""
        return self.start <= start and end <= self.end


def repeated(text: str, told: Iterable[str]) -> list[Span]:
    """Where sentences of the reports stand in `text`; white space does not matter."""
    collapsed, places = _collapse(text)
    spans: list[Span] = []
    for sentence in told:
        wanted, _ = _collapse(sentence)
        at = collapsed.find(wanted)
        while at >= 0:
            spans.append(Span(places[at], places[at + len(wanted) - 1] + 1))
            at = collapsed.find(wanted, at + 1)
    return spans


def retold(number: Number, sentence: str, told: Iterable[str]) -> bool:
    """True if a sentence of the reports has this number in this unit, and shares two of its words with `sentence`."""
    words = _words(sentence)
    for said in told:
        if len(_words(said) & words) < _SHARED_WORDS:
            continue
        limits = () if _LIMIT.search(sentence) else tuple(_LIMIT.finditer(said))
        for one in read(said):
            # A limit of the report is no value of it: "limit P99 2 s" does not tell a P99 of 2 s.
            if any(limit.end() == one.start for limit in limits):
                continue
            if one.value == number.value and one.unit == number.unit:
                return True
    return False


_LIMIT = re.compile(r"\b(?:limit|floor)\s+(?:P\d+\s+)?", re.IGNORECASE)
_SHARED_WORDS = 3
_LEAST_WORD = 4


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z]+", text.lower()) if len(word) >= _LEAST_WORD}


def _collapse(text: str) -> tuple[str, list[int]]:
    """The text with each run of white space as one blank, and where each character of it stood."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isspace():
            if characters and characters[-1] == " ":
                continue
            character = " "
        characters.append(character)
        places.append(place)
    return "".join(characters), places
