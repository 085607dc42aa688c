"""Where the lines of a log went: each is parsed, refused for a reason, or unfinished."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

EXAMPLES = 3
EXAMPLE_BYTES = 300


class Lines(NamedTuple):
    """Where every line went: lines = parsed + refused + unfinished."""

    lines: int
    parsed: int
    refused: dict[str, int]
    examples: dict[str, list[str]]
    unfinished: int
    problems: list[str]
    stopped_early: bool

    def __str__(self) -> str:
        refused = ", ".join(f"{count} {kind}" for kind, count in sorted(self.refused.items())) or "none"
        return f"{self.lines} lines = {self.parsed} parsed + refused ({refused}) + {self.unfinished} unfinished"


class Account:
    """The lines of one block, or of many added up in their order."""

    def __init__(self) -> None:
        self.parsed = self.unfinished = 0
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self.problems: list[str] = []

    def refuse(self, kind: str, line: bytes | str) -> None:
        """Count one line; keep its beginning when it is among the first of its kind."""
        self.refused[kind] += 1
        kept = self.examples.setdefault(kind, [])
        if len(kept) < EXAMPLES:
            start = line[:EXAMPLE_BYTES]
            kept.append(start if isinstance(start, str) else start.decode(errors="backslashreplace"))

    def show(self, shown: Callable[[str], str]) -> None:
        """Keep of each example only what may be shown of it."""
        self.examples = {kind: [shown(each) for each in kept] for kind, kept in self.examples.items()}

    def add(self, other: "Account") -> None:
        """The lines of a later block."""
        self.parsed += other.parsed
        self.unfinished += other.unfinished
        self.problems += other.problems
        self.refused += other.refused
        for kind, examples in other.examples.items():
            kept = self.examples.setdefault(kind, [])
            kept += examples[: EXAMPLES - len(kept)]

    def lines(self, *, stopped_early: bool) -> Lines:
        """The account as it is told."""
        return Lines(
            lines=self.parsed + self.refused.total() + self.unfinished,
            parsed=self.parsed,
            refused=dict(self.refused),
            examples=self.examples,
            unfinished=self.unfinished,
            problems=self.problems,
            stopped_early=stopped_early,
        )
