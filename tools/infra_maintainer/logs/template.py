"""One line format of an access log, as text between named fields, compiled once to SQL and once to a pattern.

Every dialect (nginx `log_format`, Apache `LogFormat`, Envoy, HAProxy, AWS) becomes a `Template`. The fast way in splits
lines on the double quote, as a column store reads CSV; the slow way matches single lines that the fast way refused.
Both give the same raw fields, so that everything after them is written once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

FieldName = Literal[
    "client", "forwarded", "time", "request", "method", "target", "status", "duration", "duration_2", "duration_3",
    "upstream_duration", "upstream_status", "upstream_address", "agent", "flags", "retries", "ignored",
]  # fmt: skip
DurationUnit = Literal["s", "ms", "us", "ns"]
TimeStyle = Literal["clf", "iso", "epoch", "epoch_ms", "haproxy"]
Family = Literal["nginx", "apache", "haproxy", "envoy", "alb", "json"]


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
            "".join(_piece(part, quoted=bool(number % 2), named=True) for part in segment)
            for number, segment in enumerate(self.segments())
        ]
        return re.compile('"'.join(pieces), re.ASCII)

    def columns(self, *, lists: bool) -> dict[FieldName, str]:
        """An SQL expression per field over the columns s1, s2, ... between the double quotes.

        Without `lists` every upstream variable is taken for one word, which is far cheaper to cut out; see `has_lists`.
        """
        found: dict[FieldName, str] = {}
        for number, segment in enumerate(self.segments(), start=1):
            found.update(_segment_columns(segment, f"s{number}", lists=lists))
        return found

    def has_lists(self, words: set[int]) -> str:
        """An SQL condition: this line has more than one entry in an upstream variable, or may have.

        `words` are the segments that are also there as w1, w2, ... split at blanks: more words than blanks are a list.
        """
        conditions: list[str] = []
        for number, segment in enumerate(self.segments(), start=1):
            fields = [part for part in segment if isinstance(part, Field)]
            if not any(field.lists for field in fields):
                continue
            if number in words and all(field.lists or field.spaces == 0 for field in fields):
                blanks = sum(part.count(" ") for part in segment if isinstance(part, str))
                conditions.append(f"len(w{number}) <> {blanks + 1}")
            else:
                conditions += [f"contains(s{number}, '{mark}')" for mark in (", ", " : ")]
        return " OR ".join(conditions) or "false"


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


def _piece(part: Part, *, quoted: bool, named: bool) -> str:
    if isinstance(part, str):
        return re.escape(part)
    pattern = r'(?:[^"\\]|\\.)*' if quoted and part.spaces is None else part.pattern
    return f"(?P<{part.name}>{pattern})" if named and part.name != "ignored" else f"(?:{pattern})"


def _segment_columns(segment: Sequence[Part], column: str, *, lists: bool) -> Iterator[tuple[FieldName, str]]:
    """Cut fields out of one segment: by position where blanks allow it, by pattern elsewhere (five times dearer)."""
    blanks: int | None = 0
    for position, part in enumerate(segment):
        if isinstance(part, str):
            blanks = None if blanks is None else blanks + part.count(" ")
            continue
        spaces = 0 if part.lists and not lists else part.spaces
        if part.name != "ignored":
            yield part.name, _cut(segment, position, column, blanks if spaces == 0 else None)
        blanks = None if blanks is None or spaces is None else blanks + spaces


def _cut(segment: Sequence[Part], position: int, column: str, blanks: int | None) -> str:
    """`blanks` before a field of one word say which word it is; None when it cannot be told."""
    if len(segment) == 1:
        return column
    part = segment[position]
    before = segment[position - 1] if position else ""
    after = segment[position + 1] if position + 1 < len(segment) else ""
    if isinstance(part, str) or not isinstance(before, str) or not isinstance(after, str):
        return _by_pattern(segment, position, column)
    earlier = "".join(p for p in segment[:position] if isinstance(p, str))
    words_only = all(each.spaces is not None for each in segment[:position] if isinstance(each, Field))
    if words_only and earlier.count("[") == 1 and before.endswith("[") and after.startswith("]"):
        if part.spaces == 1 and after == "] " and position == len(segment) - 2:
            return f"substr({column}, -28, 26)"  # the time of the common log format has a fixed width
        return f"split_part(split_part({column}, '[', 2), ']', 1)"
    whole_token = before.endswith(" ") or position == 0
    whole_token = whole_token and (after.startswith(" ") or position == len(segment) - 1)
    if not whole_token or blanks is None:
        return _by_pattern(segment, position, column)
    return f"split_part({column}, ' ', {blanks + 1})"


def _by_pattern(segment: Sequence[Part], position: int, column: str) -> str:
    """All fields of the segment by one pattern; the engine evaluates the repeated expression once for all of them."""
    named = [part.name for part in segment if isinstance(part, Field) and part.name != "ignored"]
    pieces = [
        f"({part.pattern})"
        if isinstance(part, Field) and part.name != "ignored"
        else _piece(part, quoted=False, named=False)
        for part in segment
    ]
    pattern = "".join(pieces).replace("'", "''").replace(r"\ ", " ")
    part = segment[position]
    assert isinstance(part, Field)
    return f"regexp_extract({column}, '^{pattern}$', {named})['{part.name}']"
