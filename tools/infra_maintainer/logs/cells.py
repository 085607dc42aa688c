"""A block of lines as columns of text, fast; the lines that do not fit are given back to be read one by one."""

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from infra_maintainer.logs.cut import Cutter
from infra_maintainer.logs.hits import SCHEMA, Hits
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import FieldName, Template

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LINE, _ACCEPTED, _SEVERAL = "line", "accepted", "several"


class Parsed(NamedTuple):
    """The hits of a block, and its lines that no fast way takes. Every line is in one of the two."""

    hits: pl.DataFrame
    others: list[str]


class TextBlocks:
    """Blocks of a format of words and quotes."""

    def __init__(self, template: Template) -> None:
        self._width = len(template.segments())
        self._names = [f"s{number}" for number in range(1, self._width + 1)]
        self._ends_in_quote = not template.segments()[-1]
        self._quick, self._exact = Cutter(template, lists=False), Cutter(template, lists=True)
        words = self._quick.fields()
        self._several = self._quick.several()
        self._hits = Hits(template, words, lists=False)
        lists: dict[FieldName, pl.Expr] = {**words, **self._exact.fields()}
        changed = {root for name in self._exact.fields() for root in words[name].meta.root_names()}
        self._changed = {
            name: text
            for name, text in Hits(template, lists, lists=True).columns.items()
            if changed.intersection(self._hits.columns[name].meta.root_names()) or name == "tries"
        }

    def parse(self, block: bytes) -> Parsed:
        """Read a clean block: whole lines of UTF-8 without carriage returns, nulls and \\x01."""
        cells, others = self._cells(block)
        found = self._hits.of(self._quick.prepare(cells), several=self._several)
        several, accepted = found[_SEVERAL], found[_ACCEPTED]
        if accepted.all() and not several.any():
            return Parsed(found.select_seq(*SCHEMA), others)
        one_each = accepted & ~several
        refused = cells.filter(~accepted & ~several)
        parts = [_only(found, one_each)]
        if several.any():
            lists = cells.filter(several)
            again = self._exact.prepare(lists).select_seq(**self._changed, several=self._exact.several())
            exact = self._hits.judged(found.filter(several).with_columns_seq(again))
            fits = exact[_ACCEPTED] & ~exact[_SEVERAL]
            parts.append(_only(exact, fits))
            refused.extend(lists.filter(~fits))
        if not refused.is_empty():
            others += refused.select_seq(pl.concat_str(self._names, separator='"')).to_series().to_list()
        return Parsed(pl.concat(parts), others)

    def _cells(self, block: bytes) -> tuple[pl.DataFrame, list[str]]:
        """Lines by the reader's own split on the double quote; quoting is off, so a newline always ends a row.

        The reader fills short lines and cuts long ones in silence. All bytes being accounted for, and text in the last
        column where there should be some, show that it did neither; otherwise the lines are split one by one.
        """
        cells = _read(block, '"', self._names)
        size = sum(cells.select_seq(pl.all().str.len_bytes().sum()).row(0)) + cells.height * self._width
        without_end = cells[self._names[-1]].null_count()
        if size == len(block) and without_end == (cells.height if self._ends_in_quote else 0):
            return cells.fill_null(""), []
        lines = _lines(block)
        fits = lines.str.count_matches('"', literal=True) == self._width - 1
        split = lines.filter(fits).str.split_exact('"', self._width - 1).struct.rename_fields(self._names)
        return split.struct.unnest(), lines.filter(~fits).to_list()


class JsonBlocks:
    """Blocks of JSON objects, one per line. DuckDB cuts out all members in one go, Polars parses once for each."""

    def __init__(self, json_lines: JsonLines, connection: "DuckDBPyConnection") -> None:
        self._connection = connection
        self._hits = Hits(json_lines, {field: pl.col(field) for field, _ in json_lines.paths}, lists=True)
        paths = ", ".join("'" + path.replace("'", "''") + "'" for _, path in json_lines.paths)
        members = ", ".join(
            f"j[{number}] AS {field}" if field == "status" else f"coalesce(j[{number}], '') AS {field}"
            for number, (field, _) in enumerate(json_lines.paths, start=1)
        )
        self._query = (
            f"SELECT {members}, {_LINE} FROM (SELECT {_LINE}, CASE WHEN json_valid({_LINE}) THEN "
            f"json_extract_string({_LINE}, [{paths}]) END AS j "
            f"FROM (SELECT unnest(string_split(?, chr(10))) AS {_LINE})) WHERE {_LINE} <> ''"
        )

    def parse(self, block: bytes) -> Parsed:
        """Read a clean block: whole lines of UTF-8."""
        answer = self._connection.cursor().sql(self._query, params=[block.decode()])
        members = pl.DataFrame(answer)
        found = self._hits.of(members)
        accepted = found[_ACCEPTED]
        return Parsed(_only(found, accepted), members.filter(~accepted)[_LINE].to_list())


def with_rows(log_format: Format, found: pl.DataFrame, rows: list[dict[FieldName, str]]) -> pl.DataFrame:
    """The same hits and those of more lines, whose raw fields were found one by one."""
    if not rows:
        return found
    names = sorted(log_format.fields() - {"ignored"})
    fields: dict[FieldName, pl.Expr] = {
        name: pl.col(name) if name == "status" else pl.col(name).fill_null("") for name in names
    }
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
    return pl.concat([found, Hits(log_format, fields, lists=True).of(frame).select_seq(*SCHEMA)])


def _only(found: pl.DataFrame, wanted: pl.Series) -> pl.DataFrame:
    return found.select_seq(*SCHEMA).filter(wanted)


def _lines(block: bytes) -> pl.Series:
    lines = _read(block, "\x01", [_LINE]).to_series().fill_null("")
    if int(lines.str.len_bytes().sum()) + len(lines) == len(block):
        return lines
    return pl.Series(_LINE, block.decode().split("\n")[:-1])  # a byte order mark, which the reader takes off


def _read(block: bytes, separator: str, names: list[str]) -> pl.DataFrame:
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
