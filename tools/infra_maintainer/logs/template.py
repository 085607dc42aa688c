"""One line format of an access log, as text between named fields.

Every dialect (nginx `log_format`, Apache `LogFormat`, Envoy, HAProxy, AWS) becomes a `Template`. The fast way in splits
lines on the double quote, as a CSV reader does; the slow way matches single lines that the fast way refused.
Both give the same raw fields, so that everything after them is written once.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

FieldName = Literal[
    "client", "forwarded", "time", "request", "method", "target", "status", "duration", "duration_2", "duration_3",
    "upstream_duration", "upstream_status", "upstream_address", "agent", "flags", "retries", "ignored",
]  # fmt: skip
DurationUnit = Literal["s", "ms", "us", "ns"]
TimeStyle = Literal["clf", "iso", "epoch", "epoch_ms", "haproxy"]
Family = Literal["nginx", "apache", "haproxy", "envoy", "alb", "json"]
# Stands for nginx's " : " in a list that has been made one word.
REDIRECT = "\x02"


class Field(NamedTuple):
    """A variable part of a line. `spaces` is how many blanks its text always holds, None when that varies.

    `lists` marks nginx's upstream variables: one word, or several with ", " or " : " between them.
    """

    name: FieldName
    pattern: str = r"\S+"
    spaces: int | None = 0
    lists: bool = False


Part = str | Field


class Template(NamedTuple):
    """A line format: literal text and fields in order, and how its times are written."""

    name: str
    family: Family
    parts: tuple[Part, ...]
    time_style: TimeStyle = "clf"
    duration_unit: DurationUnit = "s"
    upstream_unit: DurationUnit = "s"

    def fields(self) -> set[FieldName]:
        """The fields that lines of this format carry."""
        return {part.name for part in self.parts if isinstance(part, Field)}

    def segments(self) -> list[list[Part]]:
        """The parts between double quotes: even ones stand outside quotes, odd ones inside."""
        found: list[list[Part]] = [[]]
        for part in self.parts:
            if isinstance(part, Field):
                found[-1].append(part)
                continue
            first, *others = part.split('"')
            if first:
                found[-1].append(first)
            for text in others:
                found.append([text] if text else [])
        return found

    def pattern(self) -> re.Pattern[str]:
        """A pattern for one whole line; inside quotes a backslash escapes, as Apache writes it."""
        pieces = [
            "".join(piece_pattern(part, quoted=bool(number % 2), named=True) for part in segment)
            for number, segment in enumerate(self.segments())
        ]
        return re.compile('"'.join(pieces), re.ASCII)


class LogFile(NamedTuple):
    """One access log that a server's configuration names, with the text of its format."""

    path: str
    format_name: str
    format_text: str


def once(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The same parts with every field after the first of its name ignored: a line has one status and one time."""
    seen: set[FieldName] = set()
    kept: list[Part] = []
    for part in parts:
        if isinstance(part, Field) and part.name in seen:
            kept.append(part._replace(name="ignored"))
            continue
        if isinstance(part, Field) and part.name != "ignored":
            seen.add(part.name)
        kept.append(part)
    return tuple(kept)


def piece_pattern(part: Part, *, quoted: bool, named: bool = False) -> str:
    """The pattern of one part; inside quotes a backslash escapes, as Apache writes it."""
    if isinstance(part, str):
        return re.escape(part)
    pattern = r'(?:[^"\\]|\\.)*' if quoted and part.spaces is None else part.pattern
    return f"(?P<{part.name}>{pattern})" if named and part.name != "ignored" else f"(?:{pattern})"
