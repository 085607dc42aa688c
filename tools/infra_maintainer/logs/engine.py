"""Counts of an access log in an embedded column store, in memory that depends on distinct values and not on lines."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infra_maintainer.logs.blocks import BLOCK_BYTES, EXAMPLE_BYTES, EXAMPLES, Block, blocks, distinct_files
from infra_maintainer.logs.hits import FAILURE, RAW_FIELDS, accepted, hits_select
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import FieldName

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# With the block, its sorted-out copy and the interpreter this stays under 600 MB whatever the size of the log.
MEMORY_LIMIT = "280MB"
_SLOW_BATCH = 20_000

_TABLES = {
    "tally": "route VARCHAR, status SMALLINT, failure VARCHAR, agent TINYINT, tries INTEGER, us BIGINT, n BIGINT, upstream_us HUGEINT",
    "moments": "key VARCHAR, n BIGINT, failed BIGINT",
    "clients": "client UBIGINT, n BIGINT, failed BIGINT, not_found BIGINT",
    "failed": "route VARCHAR, client UBIGINT, n BIGINT",
    "upstreams": "upstream VARCHAR, attempts VARCHAR, status SMALLINT, us BIGINT, n BIGINT",
}


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


class EngineAbsent(Exception):
    """The embedded column store is not installed."""


class LogEngine:
    """Reads logs of one format block by block into small tables of counts. Close it, or use it as a context manager."""

    def __init__(self, log_format: Format, block_bytes: int = BLOCK_BYTES) -> None:
        """Raise EngineAbsent when DuckDB is not installed."""
        try:
            import duckdb
        except ImportError as absent:
            raise EngineAbsent("access logs need: pip install 'infra-maintainer[logs]'") from absent
        self.format = log_format
        self.block_bytes = block_bytes
        self._scratch = tempfile.TemporaryDirectory(prefix="infra-maintainer-logs-")
        settings = {"memory_limit": MEMORY_LIMIT, "temp_directory": self._scratch.name, "preserve_insertion_order": "false"}
        self.connection: DuckDBPyConnection = duckdb.connect(":memory:", config=settings)
        self.connection.execute("SET TimeZone = 'UTC'")
        for table, columns in _TABLES.items():
            self.connection.execute(f"CREATE TABLE {table} ({columns})")
        raw = ", ".join(f"{name} VARCHAR" for name in RAW_FIELDS)
        self.connection.execute(f"CREATE TEMP TABLE raw ({raw})")
        self._window = _Window(Path(self._scratch.name) / "block")
        self._source = _Source(log_format, self._window.path)
        self._pattern = None if isinstance(log_format, JsonLines) else log_format.pattern()
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._problems: list[str] = []
        self._stopped = False

    def __enter__(self) -> "LogEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the memory and the scratch folder."""
        self.connection.close()
        self._window.close()
        self._scratch.cleanup()

    def read(self, paths: Sequence[Path], keep_going: Callable[[], bool] = lambda: True) -> Lines:
        """Count the lines of these files. `keep_going` is asked before each block: False stops and says so.

        Raise OSError for the first file that cannot be opened, MissingReader for one whose compression needs a package.
        """
        for path in distinct_files(paths):
            for block in blocks(path, self.block_bytes):
                if not keep_going():
                    self._stopped = True
                    return self.lines()
                self._take(block, path)
        return self.lines()

    def lines(self) -> Lines:
        """The account of all lines read so far."""
        counts = self._counts
        return Lines(
            counts["lines"], counts["parsed"], dict(self._refused), dict(self._examples), counts["unfinished"],
            list(self._problems), self._stopped,
        )  # fmt: skip

    def _take(self, block: Block, path: Path) -> None:
        self._counts["lines"] += block.clean_lines + block.odd.counts.total() + block.unfinished
        self._counts["unfinished"] += block.unfinished
        self._refused.update(block.odd.counts)
        for kind, examples in block.odd.examples.items():
            for example in examples:
                self._show(kind, example.decode(errors="backslashreplace"))
        if block.problem:
            self._problems.append(f"{path.name}: {block.problem}")
        if block.clean_lines:
            self._count_clean(block)

    def _count_clean(self, block: Block) -> None:
        self._window.fill(block.clean)
        run = self.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE hits AS SELECT {self._source.hits} FROM {self._source.rows} WHERE {self._source.accepted}")
        fast = self._number("SELECT count(*) FROM hits")
        slow_lines: Iterator[str] = iter(())
        if fast != block.clean_lines:
            expected = self._number(f"SELECT count(*) FROM {self._source.others}")
            if fast + expected == block.clean_lines:
                slow_lines = self._other_lines()
            else:  # the column store and the newlines disagree: believe the newlines and read every line slowly
                run("DELETE FROM hits")
                fast = 0
                slow_lines = iter(block.clean.decode().split("\n")[:-1])
        self._counts["parsed"] += fast
        self._count_slowly(slow_lines)
        self._aggregate()

    def _other_lines(self) -> Iterator[str]:
        cursor = self.connection.cursor().execute(f"SELECT line FROM {self._source.others}")
        while rows := cursor.fetchmany(_SLOW_BATCH):
            yield from (str(row[0]) for row in rows)

    def _count_slowly(self, lines: Iterator[str]) -> None:
        batch: list[dict[FieldName, str]] = []
        for line in lines:
            fields = self.fields_of(line)
            if fields is None:
                kind = _kind(line)
                self._refused[kind] += 1
                self._show(kind, line)
                continue
            self._counts["parsed"] += 1
            batch.append(fields)
            if len(batch) >= _SLOW_BATCH:
                self._insert(batch)
                batch = []
        if batch:
            self._insert(batch)

    def fields_of(self, line: str) -> dict[FieldName, str] | None:
        """The raw fields of one line by the slow way; None when the line is refused."""
        if isinstance(self.format, JsonLines):
            fields = self.format.parse(line)
        else:
            match = self._pattern.fullmatch(line) if self._pattern else None
            fields = None if match is None else {name: text for name in RAW_FIELDS if (text := match.groupdict().get(name)) is not None}
        if fields is None or not _is_number(fields["status"].lstrip("-")):
            return None
        times = [fields[name].lstrip("+") for name in ("duration", "duration_2", "duration_3") if name in fields]
        return fields if all(text in ("-", "") or _is_number(text.lstrip("-")) for text in times) else None

    def _insert(self, batch: list[dict[FieldName, str]]) -> None:
        run = self.connection.execute
        run("DELETE FROM raw")
        columns = [[fields.get(name) for fields in batch] for name in RAW_FIELDS]
        run(f"INSERT INTO raw SELECT {', '.join(['unnest(CAST(? AS VARCHAR[]))'] * len(RAW_FIELDS))}", columns)
        present: dict[FieldName, str] = {name: name for name in RAW_FIELDS if name in self.format.fields()}
        run(f"INSERT INTO hits SELECT {hits_select(self.format, present)} FROM raw")

    def _aggregate(self) -> None:
        run = self.connection.execute
        failure = FAILURE[self.format.family]
        run(
            f"INSERT INTO tally SELECT route, status, {failure} AS failure, agent, tries, us, count(*), sum(upstream_us) "
            "FROM hits GROUP BY ALL"
        )
        run(f"INSERT INTO moments SELECT key, count(*), count({failure}) FROM hits WHERE agent = 0 GROUP BY key")
        if self.format.fields() & {"client", "forwarded"}:
            run(
                f"INSERT INTO clients SELECT client, count(*), count({failure}), count(*) FILTER (status = 404) FROM hits "
                "WHERE agent = 0 GROUP BY client"
            )
            run(f"INSERT INTO failed SELECT route, client, count(*) FROM hits WHERE agent = 0 AND {failure} IS NOT NULL GROUP BY ALL")
        if "upstream_address" in self.format.fields():
            run(
                "INSERT INTO upstreams SELECT upstream, attempts, status, upstream_us, count(*) FROM hits WHERE agent <> 2 GROUP BY ALL"
            )

    def _number(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def _show(self, kind: str, line: str) -> None:
        kept = self._examples.setdefault(kind, [])
        if len(kept) < EXAMPLES:
            kept.append(line[:EXAMPLE_BYTES])


class _Source:
    """The SQL that reads the block: rows with their fields, and the lines that do not fit."""

    def __init__(self, log_format: Format, path: str) -> None:
        line = (
            f"read_csv('{path}', delim='\x01', quote='', escape='', header=false, auto_detect=false, strict_mode=true, "
            "nullstr='\x01', columns={'line': 'VARCHAR'}, buffer_size=8388608)"
        )
        if isinstance(log_format, JsonLines):
            paths = [path for _, path in log_format.paths]
            columns: dict[FieldName, str] = {field: f"j[{n}]" for n, (field, _) in enumerate(log_format.paths, start=1)}
            columns = {field: f"coalesce({text}, '')" if field != "status" else text for field, text in columns.items()}
            listed = "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"
            split = f"(SELECT line, CASE WHEN json_valid(line) THEN json_extract_string(line, {listed}) END AS j FROM {line})"
            self.rows = split
            fits = "j IS NOT NULL"
        else:
            columns = log_format.columns()
            width = len(log_format.segments())
            names = ", ".join(f"'s{n}': 'VARCHAR'" for n in range(1, width + 1))
            self.rows = (
                f"read_csv('{path}', delim='\"', quote='', escape='', header=false, auto_detect=false, strict_mode=true, "
                f"ignore_errors=true, nullstr='\x01', columns={{{names}}}, buffer_size=8388608)"
            )
            cells = ", ".join(f"s[{n}] AS s{n}" for n in range(1, width + 1))
            split = f"(SELECT line, len(s) AS width, {cells} FROM (SELECT line, string_split(line, '\"') AS s FROM {line}))"
            fits = f"width = {width}"
        self.accepted = accepted(columns)
        self.hits = hits_select(log_format, columns)
        self.others = f"(SELECT line FROM {split} WHERE NOT coalesce({fits} AND {self.accepted}, false))"


class _Window:
    """The block as a file that only this process can open: in memory where the system can, else in the scratch folder."""

    def __init__(self, fallback: Path) -> None:
        if hasattr(os, "memfd_create"):
            self._file = os.memfd_create("infra-maintainer-log-block")
            self.path = f"/proc/self/fd/{self._file}"
        else:
            self._file = os.open(fallback, os.O_RDWR | os.O_CREAT, 0o600)
            self.path = str(fallback)

    def fill(self, content: bytes) -> None:
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        view = memoryview(content)
        while view:
            view = view[os.write(self._file, view) :]

    def close(self) -> None:
        os.close(self._file)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and text.isascii()


def _kind(line: str) -> str:
    text = line.strip()
    if not text:
        return "empty"
    if text.startswith("{"):
        return "json_line"
    if text.count('"') % 2:
        return "unbalanced_quote"
    return "other_format"
