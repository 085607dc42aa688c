"""The relation `focus` that every question reads, built per dialect from the columns a table really has.

Two steps: `typed` casts each column to text, number or moment and counts what does not cast; `focus` adds the day, the
month and the row measures. Identifiers come from the table's own catalogue and are always quoted.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.focus import (
    COLUMNS,
    DIMENSIONS,
    MANDATORY,
    MEASURES,
    OPEN_BY_PROXY,
    Dialect,
    Kind,
    Shape,
    shape_of,
)


class Relation(NamedTuple):
    """SQL that turns a source table into `typed`, then into `focus`, and what its header said."""

    typed: str
    focus: str
    shape: Shape


class Words(NamedTuple):
    """How one dialect casts: expression and type name in, expression out."""

    cast: Mapping[Kind, Callable[[str, str], str]]
    null: Mapping[Kind, str]
    day: str
    month: str
    uncastable: Callable[[str, str, Kind], str | None]


CSV_TEXT = "CSV TEXT"
# A sum of these over a day is the same for the same rows in any order: two files with one sum hold one day twice.
FINGERPRINT = "CAST(hash(charged_at, service, resource_id, billed, effective, category) % 1000000007 AS BIGINT)"


def _is_text(type_name: str) -> bool:
    lowered = type_name.lower()
    return any(word in lowered for word in ("char", "text", "string", "json"))


def _blank(expression: str) -> str:
    return f"nullif(nullif({expression}, ''), 'NULL')"


def _duckdb_blank(expression: str, type_name: str) -> str:
    """The reader of CSV files has already made NULL of empty and of `NULL`."""
    return expression if type_name == CSV_TEXT else _blank(expression)


def _duckdb_text(expression: str, type_name: str) -> str:
    upper = type_name.upper()
    if type_name == CSV_TEXT:
        return expression
    if upper.startswith(("MAP", "STRUCT")):
        return f"CAST(to_json({expression}) AS VARCHAR)"
    return _blank(expression if upper == "VARCHAR" else f"CAST({expression} AS VARCHAR)")


def _duckdb_number(expression: str, type_name: str) -> str:
    if type_name == "DOUBLE":
        return expression
    return f"TRY_CAST({_duckdb_blank(expression, type_name) if _is_text(type_name) else expression} AS DOUBLE)"


def _duckdb_moment(expression: str, type_name: str) -> str:
    if _is_text(type_name):
        # A plain cast is five times cheaper and right for `Z` and no zone, but silently drops an offset like +02:00.
        text = _duckdb_blank(expression, type_name)
        return (
            f"CASE WHEN substr({text}, -6, 1) IN ('+', '-') OR substr({text}, -5, 1) IN ('+', '-')"
            f" THEN TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' ELSE TRY_CAST({text} AS TIMESTAMP) END"
        )
    if "WITH TIME ZONE" in type_name:
        return f"{expression} AT TIME ZONE 'UTC'"
    return f"CAST({expression} AS TIMESTAMP)"


def _duckdb_uncastable(expression: str, type_name: str, kind: Kind) -> str | None:
    """Counts a value that does not cast; the cast is written as above, so that DuckDB computes it once."""
    if kind == "text" or not _is_text(type_name):
        return None
    cast = (_duckdb_number if kind == "number" else _duckdb_moment)(expression, type_name)
    return f"CASE WHEN {_duckdb_blank(expression, type_name)} IS NOT NULL AND ({cast}) IS NULL THEN 1 ELSE 0 END"


def _postgres_text(expression: str, type_name: str) -> str:
    return _blank(f"CAST({expression} AS TEXT)")


def _nothing_to_count(expression: str, type_name: str, kind: Kind) -> str | None:
    return None


def _postgres_number(expression: str, type_name: str) -> str:
    return f"CAST({_blank(expression) if _is_text(type_name) else expression} AS DOUBLE PRECISION)"


def _postgres_moment(expression: str, type_name: str) -> str:
    if _is_text(type_name):
        return f"CAST({_blank(expression)} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
    return f"{expression} AT TIME ZONE 'UTC'" if "with time zone" in type_name else f"CAST({expression} AS TIMESTAMP)"


def _clickhouse_text(expression: str, type_name: str) -> str:
    return _blank(f"toString({expression})")


def _clickhouse_number(expression: str, type_name: str) -> str:
    text = _blank(f"toString({expression})")
    return f"toFloat64OrNull({text})" if _is_text(type_name) else f"toFloat64({expression})"


def _clickhouse_moment(expression: str, type_name: str) -> str:
    if _is_text(type_name):
        return f"parseDateTime64BestEffortOrNull({_blank(f'toString({expression})')}, 3, 'UTC')"
    return f"toDateTime64({expression}, 3, 'UTC')"


def _clickhouse_uncastable(expression: str, type_name: str, kind: Kind) -> str | None:
    if kind == "text" or not _is_text(type_name):
        return None
    cast = (_clickhouse_number if kind == "number" else _clickhouse_moment)(expression, type_name)
    return f"CASE WHEN {_blank(f'toString({expression})')} IS NOT NULL AND {cast} IS NULL THEN 1 ELSE 0 END"


WORDS: dict[Dialect, Words] = {
    "duckdb": Words(
        {"text": _duckdb_text, "number": _duckdb_number, "moment": _duckdb_moment},
        {"text": "CAST(NULL AS VARCHAR)", "number": "CAST(NULL AS DOUBLE)", "moment": "CAST(NULL AS TIMESTAMP)"},
        "CAST(charged_at AS DATE)",
        "CAST(date_trunc('month', coalesce(period_at, charged_at)) AS DATE)",
        _duckdb_uncastable,
    ),
    # A value that does not cast is an error on PostgreSQL before 17, never a silent NULL: nothing to count.
    "postgres": Words(
        {
            "text": _postgres_text,
            "number": _postgres_number,
            "moment": _postgres_moment,
        },
        {"text": "CAST(NULL AS TEXT)", "number": "CAST(NULL AS DOUBLE PRECISION)", "moment": "CAST(NULL AS TIMESTAMP)"},
        "CAST(charged_at AS DATE)",
        "CAST(date_trunc('month', coalesce(period_at, charged_at)) AS DATE)",
        _nothing_to_count,
    ),
    "clickhouse": Words(
        {
            "text": _clickhouse_text,
            "number": _clickhouse_number,
            "moment": _clickhouse_moment,
        },
        {
            "text": "CAST(NULL AS Nullable(String))",
            "number": "CAST(NULL AS Nullable(Float64))",
            "moment": "CAST(NULL AS Nullable(DateTime64(3, 'UTC')))",
        },
        "toDate(charged_at)",
        "toStartOfMonth(coalesce(period_at, charged_at))",
        _clickhouse_uncastable,
    ),
}


def relation(dialect: Dialect, columns: Mapping[str, str], source: str, with_files: bool = False) -> Relation:
    """The SQL of `typed` (over `source`) and `focus` (over `typed`) for a table with these columns and types.

    `with_files` keeps the file a row came from and its fingerprint (DuckDB only), to find files that overlap.
    Raises BillError when a mandatory column is absent: a bill without it answers no question.
    """
    shape = shape_of(columns)
    lacking = [name for name in MANDATORY if name in shape.absent]
    if lacking:
        wanted = [" or ".join(column.providers) for column in COLUMNS if column.name in lacking]
        raise BillError(
            "not_supported",
            f"the bill has no column {', '.join(wanted)}",
            "export the FOCUS cost-and-usage dataset with all mandatory columns (1.0 to 1.4)",
        )
    words = WORDS[dialect]
    by_name = {name.lower(): (name, type_name) for name, type_name in columns.items()}
    parts: list[str] = []
    bad: list[str] = []
    for column in COLUMNS:
        found = [by_name[provider.lower()] for provider in column.providers if provider.lower() in by_name]
        casts = [words.cast[column.kind](_quoted(name), type_name) for name, type_name in found]
        parts.append(f"{_first(casts, words.null[column.kind])} AS {column.name}")
        bad += [
            counted
            for name, type_name in found[:1]
            if (counted := words.uncastable(_quoted(name), type_name, column.kind)) is not None
        ]
    parts.append(f"{' + '.join(bad) if bad else '0'} AS bad_value")
    if with_files:
        parts.append("source_table.filename AS file_name")
    # Alias and source column may share a name (a table in lower case); `source_table` keeps them apart.
    typed = f"SELECT {', '.join(parts)} FROM {source} AS source_table"
    computed = {"charge_day": words.day, "billing_month": words.month}
    selected = [f"{computed[name]} AS {name}" if name in computed else name for name in DIMENSIONS]
    measures = MEASURES | ({"open_list": OPEN_BY_PROXY} if "eligibility" in shape.absent else {})
    selected += [f"{expression} AS {name}" for name, expression in measures.items()]
    if with_files:
        selected += ["file_name", f"{FINGERPRINT} AS fingerprint"]
    return Relation(typed, f"SELECT {', '.join(selected)} FROM typed", shape)


def _first(casts: list[str], null: str) -> str:
    if not casts:
        return null
    return casts[0] if len(casts) == 1 else f"coalesce({', '.join(casts)})"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'source_table."{escaped}"'


def rolled_up(source: str, with_files: bool) -> str:
    """The select that folds the rows of one file, day and thing into one, for sources that are slow to rescan."""
    by = (*DIMENSIONS, "file_name") if with_files else DIMENSIONS
    summed = (*MEASURES, "fingerprint") if with_files else tuple(MEASURES)
    sums = ", ".join(f"sum({name}) AS {name}" for name in summed)
    return f"SELECT {', '.join(by)}, {sums} FROM {source} GROUP BY ALL"
