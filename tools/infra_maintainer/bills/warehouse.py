"""A bill that stays in the warehouse that holds it: the same questions run there, and only their rows come back."""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.focus import Dialect
from infra_maintainer.bills.questions import Loading, Question, sql_of
from infra_maintainer.bills.relation import relation
from infra_maintainer.evidence.show import show

# Runs one statement with its values; rows come back as tuples. Raises BillError.
Execute = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
MOST_ROWS = 1_000_000
TABLE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,2}")

POSTGRES_COLUMNS = """
SELECT attribute.attname, format_type(attribute.atttypid, attribute.atttypmod)
FROM pg_attribute AS attribute
WHERE attribute.attrelid = to_regclass(%(table)s) AND attribute.attnum > 0 AND NOT attribute.attisdropped"""


class WarehouseBill:
    """A FOCUS table behind an `execute`, in the words of its dialect."""

    def __init__(self, dialect: Dialect, name: str, table: str, columns: Mapping[str, str], execute: Execute) -> None:
        self._dialect: Dialect = dialect
        self._execute = execute
        related = relation(dialect, columns, table)
        # PostgreSQL computes a WITH once and in full unless told otherwise: every column of every row.
        inline = "NOT MATERIALIZED " if dialect == "postgres" else ""
        self._prelude = f"WITH typed AS {inline}({related.typed}), focus AS {inline}({related.focus})\n"
        self._loading = Loading(name, related.shape, 1, (), (), 0)

    @property
    def loading(self) -> Loading:
        """What the table's header said."""
        return self._loading

    def statement(self, question: Question) -> str:
        """The whole text that runs in the warehouse."""
        return self._prelude + sql_of(self._dialect, question)

    def ask(self, question: Question, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of one question. Raises BillError when the warehouse refuses, or answers with far too many rows."""
        rows = self._execute(self.statement(question), values)
        if len(rows) > MOST_ROWS:
            raise BillError("not_supported", f"{question}: more than {MOST_ROWS} groups", "split the bill by period")
        return rows


def quoted_table(table: str) -> str:
    """The table's name with every part quoted. Raises BillError for anything but a plain, dotted name."""
    if not TABLE.fullmatch(table):
        raise BillError("not_configured", f"table {table!r} is not a plain name", "write it as schema.table")
    return ".".join(f'"{part}"' for part in table.split("."))


@contextmanager
def open_postgres(
    dsn: str, table: str, password: str | None = None, deadline_s: float = 300
) -> Generator[WarehouseBill]:
    """The FOCUS table of a PostgreSQL database, in one read-only transaction. `dsn` carries no password."""
    try:
        import psycopg
    except ImportError as error:
        raise BillError(
            "not_configured", "reading from PostgreSQL needs psycopg", "install infra-maintainer[postgres]"
        ) from error
    try:
        connection = psycopg.connect(dsn, password=password, connect_timeout=10)
    except psycopg.Error as error:
        denied = "authentication" in str(error) or "password" in str(error)
        raise BillError(
            "denied" if denied else "unreachable",
            f"PostgreSQL refused: {_first_line(error)}",
            "check the bill's dsn and password_file",
        ) from error

    def execute(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        try:
            return connection.execute(sql.encode(), dict(values)).fetchmany(MOST_ROWS + 1)
        except psycopg.errors.QueryCanceled as error:
            raise BillError("timeout", f"the bill took more than {show(deadline_s, 's')}", "narrow the bill") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise BillError("denied", _first_line(error), f"grant SELECT on {table} to this user") from error
        except psycopg.Error as error:
            raise BillError("error", f"PostgreSQL: {_first_line(error)}", "check that the table is FOCUS") from error

    with connection:
        connection.read_only = True
        execute("SELECT set_config('statement_timeout', %(limit)s, true)", {"limit": f"{int(deadline_s * 1000)}"})
        name = quoted_table(table)
        columns = {str(each[0]): str(each[1]) for each in execute(POSTGRES_COLUMNS, {"table": name})}
        if not columns:
            raise BillError("no_data", f"PostgreSQL has no table {table!r} for this user", "correct the bill's table")
        yield WarehouseBill("postgres", f"postgresql:{table}", name, columns, execute)


def open_clickhouse(table: str, fetch: Callable[[Mapping[str, str]], Any]) -> WarehouseBill:
    """The FOCUS table of a ClickHouse server over its HTTP interface.

    `fetch(parameters)` makes a GET with these query parameters, which ClickHouse runs read-only, and returns the
    decoded JSONCompact answer; it raises BillError.
    """

    def execute(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        parameters = {
            "max_execution_time": "300",
            "max_result_rows": str(MOST_ROWS + 1),
            "result_overflow_mode": "throw",
            "output_format_json_quote_64bit_integers": "0",
            # The relation names a cast like the column it casts ("tags" AS tags); without this it would read itself.
            "prefer_column_name_to_alias": "1",
        }
        parameters |= {f"param_{name}": str(value) for name, value in values.items()}
        answer = fetch({"query": f"{sql}\nFORMAT JSONCompact"} | parameters)
        return [tuple(row) for row in answer["data"]]

    name = quoted_table(table)
    columns = {str(each[0]): str(each[1]) for each in execute(f"DESCRIBE TABLE {name}", {})}
    return WarehouseBill("clickhouse", f"clickhouse:{table}", name, columns, execute)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
