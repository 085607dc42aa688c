"""Raw fields out of the columns between double quotes: by position where blanks allow it, by pattern elsewhere."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from infra_maintainer.logs.template import REDIRECT, Field, FieldName, Part, Template, piece_pattern

_NOTHING = pl.lit(value=False)


class Cutter:
    """Cuts the fields of one format; the columns s1, s2, ... are the text between the double quotes.

    Without `lists` every upstream variable is taken for one word, which is far cheaper to cut out; `several` then tells
    the lines for which that is wrong.
    """

    def __init__(self, template: Template, *, lists: bool) -> None:
        self._segments = [
            _Segment(f"s{number}", segment, lists=lists and _holds_lists(segment))
            for number, segment in enumerate(template.segments(), start=1)
        ]

    def prepare(self, cells: pl.DataFrame) -> pl.DataFrame:
        """The cells with their segments split into words, each segment once."""
        for segment in self._segments:
            cells = segment.split(cells)
        return cells

    def fields(self) -> dict[FieldName, pl.Expr]:
        """An expression per field, over prepared cells."""
        return {name: text for segment in self._segments for name, text in segment.fields.items()}

    def several(self) -> pl.Expr:
        """Whether the line has more than one entry in an upstream variable, or may have; over prepared cells.

        With `lists`, whether it still has more or fewer words than the format.
        """
        return pl.any_horizontal(_NOTHING, *(segment.several for segment in self._segments))


class _Word(NamedTuple):
    name: FieldName
    number: int


class _Segment:
    """One piece between double quotes, and how its fields are cut out of it."""

    def __init__(self, column: str, parts: Sequence[Part], *, lists: bool) -> None:
        self._column, self._parts, self._text = column, parts, pl.col(column)
        self.fields: dict[FieldName, pl.Expr] = {}
        self._words: list[_Word] = []
        self._lists = lists
        self._by_pattern = False
        for position, blanks in _fields_of(parts):
            self._cut(position, blanks)
        self._splits = max((word.number for word in self._words), default=0)
        self.several = self._several()
        self._split_words()

    def split(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Add the columns that `fields` and `several` need."""
        if self._by_pattern:
            cells = cells.with_columns_seq(self._groups()).unnest(self._helper)
        if self._splits:
            names = [f"{self._column}_{number}" for number in range(self._splits + 1)]
            text = _joined(self._text) if self._lists else self._text
            words = text.str.split_exact(" ", self._splits).struct.rename_fields(names).alias(self._helper)
            cells = cells.with_columns_seq(words).unnest(self._helper)
        return cells

    @property
    def _helper(self) -> str:
        return f"{self._column}_parts"

    def _cut(self, position: int, blanks: int | None) -> None:
        """`blanks` before a field of one word say which word it is; None when it cannot be told."""
        part = self._parts[position]
        assert isinstance(part, Field)
        if len(self._parts) == 1:
            self.fields[part.name] = self._text
            return
        before = self._parts[position - 1] if position else ""
        after = self._parts[position + 1] if position + 1 < len(self._parts) else ""
        if not isinstance(before, str) or not isinstance(after, str):
            self._take_by_pattern(part)
            return
        earlier = "".join(p for p in self._parts[:position] if isinstance(p, str))
        words_only = all(each.spaces is not None for each in self._parts[:position] if isinstance(each, Field))
        if words_only and earlier.count("[") == 1 and before.endswith("[") and after.startswith("]"):
            fixed = part.spaces == 1 and after == "] " and position == len(self._parts) - 2
            # the time of the common log format has a fixed width
            self.fields[part.name] = (
                self._text.str.slice(-28, 26) if fixed else self._text.str.extract(r"\[([^\[\]]*)\]").fill_null("")
            )
            return
        if part.name == "status" and position == 1 and after.startswith(" "):
            self.fields[part.name] = _three_digits(self._text, len(before))
            return
        whole = (before.endswith(" ") or position == 0) and (after.startswith(" ") or position == len(self._parts) - 1)
        if whole and blanks is not None:
            self._words.append(_Word(part.name, blanks))
        else:
            self._take_by_pattern(part)

    def _take_by_pattern(self, part: Field) -> None:
        self._by_pattern = True
        self.fields[part.name] = pl.col(f"{self._column}_{part.name}").fill_null("")

    def _split_words(self) -> None:
        if not self._splits:  # the first word alone: the rest need not be split
            first = first_bytes(self._text, self._text.str.find(" ", literal=True))
            self.fields.update((word.name, first) for word in self._words)
            return
        self.fields.update((word.name, pl.col(f"{self._column}_{word.number}")) for word in self._words)

    def _several(self) -> pl.Expr:
        """More words than blanks in the format are a list."""
        if not _holds_lists(self._parts):
            return _NOTHING
        fields = [part for part in self._parts if isinstance(part, Field)]
        if self._words and all(field.lists or field.spaces == 0 for field in fields):
            blanks = sum(part.count(" ") for part in self._parts if isinstance(part, str))
            self._splits = blanks + 1
            return pl.col(f"{self._column}_{blanks}").is_null() | pl.col(f"{self._column}_{blanks + 1}").is_not_null()
        if self._lists:
            return _NOTHING  # the pattern has looked at every entry
        return self._text.str.contains(", ", literal=True) | self._text.str.contains(" : ", literal=True)

    def _groups(self) -> pl.Expr:
        pattern = "".join(
            f"(?P<{self._column}_{part.name}>{part.pattern})"
            if isinstance(part, Field) and part.name != "ignored"
            else piece_pattern(part, quoted=False)
            for part in self._parts
        )
        return self._text.str.extract_groups(f"^{pattern}$").alias(self._helper)


def first_bytes(text: pl.Expr, count: pl.Expr) -> pl.Expr:
    """The text before a place that was found by bytes, as `find` does, not by characters; all of it where null."""
    return text.cast(pl.Binary).bin.slice(0, count).cast(pl.String)


def _three_digits(text: pl.Expr, start: int) -> pl.Expr:
    """A status where it stands alone before a blank, cheaper than splitting words; null where it does not."""
    return pl.when(text.str.slice(start + 3, 1) == " ").then(text.str.slice(start, 3))


def _holds_lists(segment: Sequence[Part]) -> bool:
    return any(isinstance(part, Field) and part.lists for part in segment)


def _joined(text: pl.Expr) -> pl.Expr:
    """nginx puts ", " between servers and " : " between internal redirects; without its blanks a list is one word."""
    return text.str.replace_all(", ", ",", literal=True).str.replace_all(" : ", REDIRECT, literal=True)


def _fields_of(segment: Sequence[Part]) -> Iterator[tuple[int, int | None]]:
    """Positions of the fields that are wanted, and the number of blanks before each where that can be told.

    A list counts as one word: it is only cut by its position where it is one, or has been made one.
    """
    blanks: int | None = 0
    for position, part in enumerate(segment):
        if isinstance(part, str):
            blanks = None if blanks is None else blanks + part.count(" ")
            continue
        spaces = 0 if part.lists else part.spaces
        if part.name != "ignored":
            yield position, blanks if spaces == 0 else None
        blanks = None if blanks is None or spaces is None else blanks + spaces
