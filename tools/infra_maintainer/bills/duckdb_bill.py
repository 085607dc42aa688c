"""A bill in files, read by DuckDB in this process: bounded memory, no other file, no network, no configuration change.

CSV is read once into a table, a large one into a roll-up per day and thing; Parquet is queried where it lies.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra_maintainer.bills.failure import BillError
from infra_maintainer.bills.files import BillFiles, csv_header, find_files
from infra_maintainer.bills.questions import Loading, Question, sql_of
from infra_maintainer.bills.relation import CSV_TEXT, Relation, relation, rolled_up
from infra_maintainer.evidence.show import show

if TYPE_CHECKING:
    import duckdb

MEMORY_MB = 512
# Below this a table of all rows is made in half the time of a roll-up; above it the roll-up saves memory and scans.
ROLL_UP_BYTES = 512 << 20
# Nothing is guessed: a sniffer looks at the first rows, and one broken row there would refuse the whole file.
READ_CSV = (
    "read_csv({files}, columns={columns}, header=true, auto_detect=false, delim=',', quote='\"', escape='\"',"
    " nullstr=['NULL', ''], ignore_errors=true, store_rejects=true, filename=true)"
)
READ_PARQUET = "read_parquet({files}, filename=true)"
Columns = tuple[tuple[str, str], ...]
Layout = tuple[str, Columns]


class DuckdbBill:
    """An opened bill. Only the checked-in questions run on it."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", loading: Loading, deadline_s: float) -> None:
        self._connection = connection
        self._loading = loading
        self._deadline_s = deadline_s

    @property
    def loading(self) -> Loading:
        """What reading the files said."""
        return self._loading

    def ask(self, question: Question, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of one question. Raises BillError when a file is corrupt or the time is over."""
        return _run(self._connection, sql_of("duckdb", question), self._deadline_s, values)


@contextmanager
def open_files(
    path: str, memory_mb: int = MEMORY_MB, deadline_s: float = 300, roll_up_bytes: int = ROLL_UP_BYTES
) -> Generator[DuckdbBill]:
    """Open the FOCUS files at a path. Memory in MB, deadline in seconds per statement, roll-up of CSV above a size.

    Raises BillError when DuckDB is not installed, nothing is readable, or a mandatory column is absent.
    """
    try:
        import duckdb
    except ImportError as error:
        raise BillError(
            "not_configured", "reading bills needs DuckDB, which is not installed", "install infra-maintainer[costs]"
        ) from error
    files = find_files(path)
    scratch = tempfile.mkdtemp(prefix="infra-maintainer-bill-")
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": str(min(4, os.cpu_count() or 1)),
            "temp_directory": scratch,
            "max_temp_directory_size": "8GB",
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    try:
        yield DuckdbBill(connection, _load(connection, path, files, deadline_s, roll_up_bytes), deadline_s)
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _load(
    connection: "duckdb.DuckDBPyConnection", path: str, files: BillFiles, deadline_s: float, roll_up_bytes: int
) -> Loading:
    connection.execute("SET TimeZone='UTC'")
    connection.execute("SET enable_progress_bar=false")  # it writes to stdout, which belongs to the report or to MCP
    connection.execute(f"SET allowed_paths={_literals([*files.csv, *files.parquet])}")
    connection.execute("SET enable_external_access=false")
    layouts, unreadable = _layouts(connection, files)
    related: list[Relation] = []
    skipped: list[str] = []
    refusal: BillError | None = None
    for (kind, columns), group in layouts.items():
        source = _source(kind, columns, group)
        try:
            each = relation("duckdb", dict(columns), source, with_files=files.total > 1)
        except BillError as error:
            refusal, skipped = error, skipped + group
            continue
        _view(connection, len(related), each)
        related.append(each)
    if not related:
        raise refusal or BillError("error", f"no file can be read: {', '.join(unreadable)}", "export the bill again")
    views = " UNION ALL BY NAME ".join(f"SELECT * FROM focus_{number}" for number in range(len(related)))
    broken_rows = 0
    if files.csv:
        rows = rolled_up(f"({views})", with_files=files.total > 1) if files.size > roll_up_bytes else views
        _run(connection, f"CREATE TABLE focus AS {rows}", deadline_s)
        ((broken_rows,),) = _run(connection, "SELECT count(DISTINCT (file_id, line)) FROM reject_errors", deadline_s)
    else:
        connection.execute(f"CREATE VIEW focus AS {views}")
    connection.execute("SET lock_configuration=true")
    shape = max((each.shape for each in related), key=lambda shape: len(shape.absent))
    return Loading(path, shape, files.total, tuple(unreadable), tuple(skipped), broken_rows)


def _view(connection: "duckdb.DuckDBPyConnection", number: int, related: Relation) -> None:
    connection.execute(f"CREATE VIEW typed_{number} AS {related.typed}")
    connection.execute(f"CREATE VIEW focus_{number} AS {related.focus.replace('FROM typed', f'FROM typed_{number}')}")


def _source(kind: str, columns: Columns, files: Sequence[str]) -> str:
    if kind == "parquet":
        return READ_PARQUET.format(files=_literals(files))
    listed = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name, _ in columns)
    return READ_CSV.format(files=_literals(files), columns=f"{{{listed}}}")


def _layouts(connection: "duckdb.DuckDBPyConnection", files: BillFiles) -> tuple[dict[Layout, list[str]], list[str]]:
    """Files by kind and columns: columns change over time, and DuckDB counts broken rows per layout."""
    import duckdb

    layouts: dict[Layout, list[str]] = {}
    unreadable: list[str] = []
    for file in files.csv:
        names = csv_header(file)
        if names:
            layouts.setdefault(("csv", tuple((name, CSV_TEXT) for name in names)), []).append(file)
        else:
            unreadable.append(file)
    for file in files.parquet:
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM {READ_PARQUET.format(files=_literals([file]))}")
            columns = tuple((str(row[0]), str(row[1])) for row in described.fetchall() if row[0] != "filename")
        except duckdb.Error:
            unreadable.append(file)
            continue
        layouts.setdefault(("parquet", columns), []).append(file)
    return layouts, unreadable


def _run(
    connection: "duckdb.DuckDBPyConnection", sql: str, deadline_s: float, values: dict[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    import duckdb

    timer = threading.Timer(deadline_s, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        return connection.execute(sql, values or None).fetchall()
    except duckdb.InterruptException as error:
        raise BillError(
            "timeout", f"the bill took more than {show(deadline_s, 's')}", "narrow the bill or raise the limit"
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise BillError("error", "the bill does not fit the memory limit", "raise memory_mb of the bill") from error
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0][:300]
        raise BillError("error", f"the bill cannot be read: {first_line}", "export the bill again") from error
    finally:
        timer.cancel()


def _literals(texts: Sequence[str]) -> str:
    return "[" + ", ".join(_literal(text) for text in texts) + "]"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
