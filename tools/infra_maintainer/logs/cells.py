"""A block of lines as columns of text, fast; the lines that do not fit are given back to be read one by one."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from infra_maintainer.logs.cut import Cutter
from infra_maintainer.logs.hits import SCHEMA, Hits
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.template import FieldName, Template

if TYPE_CHECKING:
    from infra_maintainer.logs.known import Format

_LINE, _ACCEPTED, _SEVERAL = "line", "accepted", "several"
_MANY = 20_000  # lines: looking at a few costs about as much as looking at these
_MEMORY_LIMIT = "150MB"  # of cutting the members out of a block of JSON


class NotText(Exception):
    """A block is not UTF-8."""


class Parsed(NamedTuple):
    """The hits of a block, and its lines that no fast way takes. Every line is in one of the two."""

    hits: pl.DataFrame
    others: list[str]


def nothing() -> Parsed:
    """Of no line."""
    return Parsed(pl.DataFrame(schema=SCHEMA), [])


class TextBlocks:
    """Blocks of a format of words and quotes. Lines with lists wait until there are many of them, or for `rest`."""

    def __init__(self, template: Template, seed: int) -> None:
        self._width = len(template.segments())
        self._names = [f"s{number}" for number in range(1, self._width + 1)]
        self._ends_in_quote = not template.segments()[-1]
        self._quick, self._exact = Cutter(template, lists=False), Cutter(template, lists=True)
        self._quick_hits = Hits(template, self._quick.fields(), seed, lists=False)
        self._exact_hits = Hits(template, self._exact.fields(), seed, lists=True)
        self._waiting: list[pl.Series] = []

    def parse(self, block: bytes) -> Parsed:
        """Read whole lines without carriage returns and nulls. Raise NotText, with nothing taken."""
        cells, others = self._cells(block)
        found = self._quick_hits.of(self._quick.prepare(cells), several=self._quick.several())
        several, accepted = found[_SEVERAL], found[_ACCEPTED]
        if accepted.all() and not several.any():
            return Parsed(found.select_seq(*SCHEMA), others)
        hits = _only(found, accepted & ~several)
        others += self._lines(cells.filter(~accepted & ~several)).to_list()
        self._waiting.append(self._lines(cells.filter(several)))
        if sum(map(len, self._waiting)) < _MANY:
            return Parsed(hits, others)
        lists = self.rest()
        return Parsed(pl.concat([hits, lists.hits]), others + lists.others)

    def rest(self) -> Parsed:
        """The lines that wait."""
        if not self._waiting:
            return nothing()
        lines = pl.concat(self._waiting)
        self._waiting = []
        cells = self._split(lines)
        found = self._exact_hits.of(self._exact.prepare(cells), several=self._exact.several())
        fits = found[_ACCEPTED] & ~found[_SEVERAL]
        return Parsed(_only(found, fits), lines.filter(~fits).to_list())

    def _lines(self, cells: pl.DataFrame) -> pl.Series:
        return cells.select_seq(pl.concat_str(self._names, separator='"')).to_series()

    def _split(self, lines: pl.Series) -> pl.DataFrame:
        return lines.str.split_exact('"', self._width - 1).struct.rename_fields(self._names).struct.unnest()

    def _cells(self, block: bytes) -> tuple[pl.DataFrame, list[str]]:
        """Lines by the reader's own split on the double quote; quoting is off, so a newline always ends a row.

        The reader fills short lines and cuts long ones in silence. All bytes being accounted for, and text in the last
        column where there should be some, show that it did neither; otherwise the lines are split one by one.
        """
        cells = _read(block, '"', self._names)
        size = sum(cells.select_seq(pl.all().str.len_bytes().sum()).row(0)) + cells.height * self._width
        without_end = cells[self._names[-1]].null_count()
        if size == len(block) and without_end == (cells.height if self._ends_in_quote else 0):
            return cells.fill_null("") if any(each.null_count() for each in cells) else cells, []
        lines = _lines(block)
        fits = lines.str.count_matches('"', literal=True) == self._width - 1
        return self._split(lines.filter(fits)), lines.filter(~fits).to_list()


class JsonBlocks:
    """Blocks of JSON objects, one per line. DuckDB cuts out all members in one go, Polars parses once for each."""

    def __init__(self, json_lines: JsonLines, seed: int, scratch: Path) -> None:
        import duckdb

        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY_LIMIT, "threads": 1, "temp_directory": str(scratch)
        }  # fmt: skip
        self._connection = duckdb.connect(":memory:", config=settings)
        self._hits = Hits(json_lines, {field: pl.col(field) for field in json_lines.fields()}, seed, lists=True)
        places: dict[FieldName, list[str]] = {}
        for number, (field, _) in enumerate(json_lines.paths, start=1):
            places.setdefault(field, []).append(f"j[{number}]")
        for field in places.keys() - {"status"}:
            places[field].append("''")
        wanted = [path for _, path in json_lines.paths]
        if json_lines.other_log is not None:
            path, begin = json_lines.other_log
            wanted.append(path)
            of_another = f"starts_with(j[{len(wanted)}], '{begin}')"
            places["status"] = [f"CASE WHEN {of_another} THEN NULL ELSE coalesce({', '.join(places['status'])}) END"]
        paths = ", ".join("'" + path.replace("'", "''") + "'" for path in wanted)
        members = ", ".join(f"coalesce({', '.join(found)}) AS {field}" for field, found in places.items())
        self._query = (
            f"SELECT {members}, {_LINE} FROM (SELECT {_LINE}, CASE WHEN json_valid({_LINE}) THEN "
            f"json_extract_string({_LINE}, [{paths}]) END AS j "
            f"FROM (SELECT unnest(string_split(?, chr(10))) AS {_LINE})) WHERE {_LINE} <> ''"
        )

    def parse(self, block: bytes) -> Parsed:
        """Read whole lines. Raise NotText, with nothing taken."""
        try:
            text = block.decode()
        except UnicodeDecodeError as error:
            raise NotText from error
        answer = self._connection.sql(self._query, params=[text])
        members = pl.DataFrame(answer)
        found = self._hits.of(members)
        accepted = found[_ACCEPTED]
        return Parsed(_only(found, accepted), members.filter(~accepted)[_LINE].to_list())

    def rest(self) -> Parsed:
        """Nothing: no line waits."""
        return nothing()


def with_rows(log_format: "Format", seed: int, found: pl.DataFrame, rows: list[dict[FieldName, str]]) -> pl.DataFrame:
    """The same hits and those of more lines, whose raw fields were found one by one."""
    if not rows:
        return found
    names = sorted(log_format.fields() - {"ignored"})
    fields: dict[FieldName, pl.Expr] = {
        name: pl.col(name) if name == "status" else pl.col(name).fill_null("") for name in names
    }
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
    return pl.concat([found, Hits(log_format, fields, seed, lists=True).of(frame).select_seq(*SCHEMA)])


def _only(found: pl.DataFrame, wanted: pl.Series) -> pl.DataFrame:
    return found.select_seq(*SCHEMA).filter(wanted)


def _lines(block: bytes) -> pl.Series:
    lines = _read(block, "\x01", [_LINE]).to_series().fill_null("")
    if int(lines.str.len_bytes().sum()) + len(lines) == len(block):
        return lines
    return pl.Series(_LINE, block.decode().split("\n")[:-1])  # a byte order mark, which the reader takes off


def _read(block: bytes, separator: str, names: list[str]) -> pl.DataFrame:
    try:
        return pl.read_csv(
            block,
            separator=separator,
            quote_char=None,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            missing_columns="insert",
            extra_columns="ignore",
            truncate_ragged_lines=True,
        )
    except pl.exceptions.ComputeError as error:
        raise NotText from error
