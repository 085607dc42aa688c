"""What the words around a number say it is: family of quantity, statistic, subject."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace

from infra_maintainer.answer.ledger import POINTER, Ledger
from infra_maintainer.answer.numbers import Number
from infra_maintainer.answer.subjects import names
from infra_maintainer.answer.vocabulary import vocabulary

_STATS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (stat, re.compile(pattern, re.IGNORECASE))
    for stat, pattern in (
        ("p50", r"\b(?:p50|median|50th percentile)\b"),
        ("p95", r"\b(?:p95|95th percentile)\b"),
        ("p99", r"\b(?:p99|99th percentile)\b"),
        ("mean", r"\b(?:mean|average|averages|averaged|averaging|avg|on average|typical(?:ly)?)\b"),
        ("max", r"\b(?:max|maximum|worst case|highest|at peak|peak)\b"),
        ("min", r"\b(?:min|minimum|lowest|best case)\b"),
    )
)
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!approx\.)(?<!\bca\.)(?<!vs\.)\s+(?=[A-Z0-9*_`\"'\[-])|\n+")
_BREAK = re.compile(
    r"[;|,()]|\b(?:and|while|whereas|but|versus|vs\.?|against|compared (?:to|with)|than|with)(?!\w)",
    re.IGNORECASE,
)

_CITED = re.compile(rf"{POINTER}[^\[\]()]*[\])]")


@dataclass
class Clause:
    """One clause and what it mentions."""

    start: int
    end: int
    families: set[str] = field(default_factory=set[str])
    stats: set[str] = field(default_factory=set[str])
    subjects: set[str] = field(default_factory=set[str])
    numbers: int = 0

    def mentions(self) -> bool:
        """True if anything said here could describe a number."""
        return bool(self.families or self.stats or self.subjects)


@dataclass(frozen=True)
class Around:
    """What the words around a number say; an empty set says nothing."""

    families: frozenset[str]
    stats: frozenset[str]
    subjects: frozenset[str]
    clause: str
    sentence: str
    start: int


class Reader:
    """Finds mentions in one text, for one run."""

    def __init__(self, text: str, ledger: Ledger, numbers: list[Number]) -> None:
        self._text = text
        self._numbers = numbers
        self._ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
        known = vocabulary().families
        self._family = re.compile(
            rf"\b(?:{'|'.join(sorted(map(re.escape, known), key=len, reverse=True))})\b", re.IGNORECASE
        )
        self._subjects: dict[str, set[str]] = {}
        for subject in {entry for entry in (found.subject for found in ledger.fields()) if entry}:
            for name in names(subject):
                self._subjects.setdefault(name, set()).add(subject)
        words = "|".join(sorted(map(re.escape, self._subjects), key=len, reverse=True))
        self._subject = re.compile(rf"(?<![\w/.-])(?:{words})(?![\w-])", re.IGNORECASE) if words else None
        self._header: dict[int, list[str]] = _tables(text)

    def around(self, number: Number) -> Around:
        """What the words around `number` say it is."""
        start, end = self._sentence(number)
        return self._read(number, start, end)

    def cited(self, number: Number) -> Around:
        """The same for a number with a citation of its own: an earlier citation has ended what was said before it."""
        start, end = self._sentence(number)
        whole = self._read(number, start, end)
        last = max((start + found.end() for found in _CITED.finditer(self._text[start : number.start])), default=start)
        own = self._read(number, last, end)
        return replace(whole, families=own.families, stats=own.stats, subjects=own.subjects or whole.subjects)

    def _read(self, number: Number, start: int, end: int) -> Around:
        clauses = self._clauses(start, end)
        index = next((i for i, clause in enumerate(clauses) if clause.start <= number.start < clause.end), 0)
        own = clauses[index]
        earlier = list(reversed(clauses[:index]))
        families = _first([own.families, *(clause.families for clause in earlier)])
        stats = _first([own.stats, *(clause.stats for clause in earlier)])
        subjects = _first([own.subjects, *(clause.subjects for clause in earlier)])
        header = self._column(number)
        if header:
            families = families or frozenset(self._families(header))
            stats = stats or frozenset(self._stats(header))
        return Around(families, stats, subjects, self._text[own.start : own.end], self._text[start:end], start)

    def _sentence(self, number: Number) -> tuple[int, int]:
        index = bisect_right(self._ends, number.start)
        return self._ends[index - 1], self._ends[index] if index < len(self._ends) else len(self._text)

    def _clauses(self, start: int, end: int) -> list[Clause]:
        """Pieces between breaks; a piece without a number or without a mention belongs to its neighbour."""
        cuts = [start, *(start + match.start() for match in _BREAK.finditer(self._text[start:end])), end]
        pieces = [self._clause(left, right) for left, right in zip(cuts, cuts[1:], strict=False) if right > left]
        merged: list[Clause] = []
        for piece in pieces:
            last = merged[-1] if merged else None
            if last and (not last.numbers or not piece.mentions()):
                last.end = piece.end
                last.families |= piece.families
                last.stats |= piece.stats
                last.subjects |= piece.subjects
                last.numbers += piece.numbers
            else:
                merged.append(piece)
        # A trailing piece without a number describes the one before it: "41 %, measured on web-1".
        if len(merged) > 1 and not merged[-1].numbers:
            tail = merged.pop()
            merged[-1].end = tail.end
            merged[-1].families |= tail.families
            merged[-1].stats |= tail.stats
            merged[-1].subjects |= tail.subjects
        return merged

    def _clause(self, start: int, end: int) -> Clause:
        text = self._text[start:end]
        inside = sum(1 for number in self._numbers if start <= number.start < end)
        return Clause(start, end, self._families(text), self._stats(text), self._named(text), inside)

    def _families(self, text: str) -> set[str]:
        known = vocabulary().families
        return {known[match.group().lower()] for match in self._family.finditer(text)}

    def _stats(self, text: str) -> set[str]:
        return {stat for stat, pattern in _STATS if pattern.search(text)}

    def _named(self, text: str) -> set[str]:
        if self._subject is None:
            return set()
        return {subject for match in self._subject.finditer(text) for subject in self._subjects[match.group().lower()]}

    def _column(self, number: Number) -> str:
        """The header of the table column that the number stands in."""
        line_start = self._text.rfind("\n", 0, number.start) + 1
        header = self._header.get(line_start)
        if not header:
            return ""
        column = self._text[line_start : number.start].count("|")
        return header[column] if column < len(header) else ""


def _first(choices: list[set[str]]) -> frozenset[str]:
    """The first of several sets that says anything."""
    return frozenset(next((words for words in choices if words), set[str]()))


def _tables(text: str) -> dict[int, list[str]]:
    """For each line of a Markdown table the cells of its header, by the position the line starts at."""
    headers: dict[int, list[str]] = {}
    position, current = 0, list[str]()
    for line in text.splitlines(keepends=True):
        if "|" not in line:
            current = []
        elif not current:
            current = line.split("|")
        else:
            headers[position] = current
        position += len(line)
    return headers
