"""Counts of an access log in an embedded column store, in memory that depends on distinct values and not on lines."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infra_maintainer.logs.ahead import Ahead
from infra_maintainer.logs.blocks import BLOCK_BYTES, EXAMPLE_BYTES, EXAMPLES, Block, blocks, distinct_files
from infra_maintainer.logs.hits import ACCEPTED, RAW_FIELDS, UNTIMED, failure, hits_select
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.source import BlockSource
from infra_maintainer.logs.template import FieldName

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# With the block, its sorted-out copy and the interpreter this stays under 600 MB whatever the size of the log.
MEMORY_LIMIT = "280MB"
_SLOW_BATCH = 20_000

_TABLES = {
    "tally": "route VARCHAR, status SMALLINT, failure VARCHAR, agent TINYINT, tries INTEGER, us BIGINT, n BIGINT, "
    "upstream_us HUGEINT",
    "moments": "key VARCHAR, n BIGINT, failed BIGINT",
    "clients": "client UBIGINT, n BIGINT, failed BIGINT, not_found BIGINT",
    "failed": "route VARCHAR, client UBIGINT, key VARCHAR, n BIGINT",
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
        self._block_bytes = block_bytes
        self._scratch = tempfile.TemporaryDirectory(prefix="infra-maintainer-logs-")
        self.connection: DuckDBPyConnection = duckdb.connect(":memory:")
        self.connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        self.connection.execute(f"SET temp_directory = '{self._scratch.name}'")
        self.connection.execute("SET preserve_insertion_order = false")
        self.connection.execute("SET TimeZone = 'UTC'")
        for table, columns in _TABLES.items():
            self.connection.execute(f"CREATE TABLE {table} ({columns})")
        raw = ", ".join(f"{name} VARCHAR" for name in RAW_FIELDS)
        self.connection.execute(f"CREATE TEMP TABLE raw ({raw})")
        self._window = _Window(Path(self._scratch.name) / "block")
        self._source = BlockSource(log_format, self._window.path)
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
            with Ahead(blocks(path, self._block_bytes)) as coming:
                while (block := coming.take()) is not None:
                    if not keep_going():
                        self._stopped = True
                        return self.lines()
                    self._take(block, path, coming.start)
        return self.lines()

    def lines(self) -> Lines:
        """The account of all lines read so far."""
        return Lines(
            lines=self._counts["lines"],
            parsed=self._counts["parsed"],
            refused=dict(self._refused),
            examples=dict(self._examples),
            unfinished=self._counts["unfinished"],
            problems=list(self._problems),
            stopped_early=self._stopped,
        )

    def _take(self, block: Block, path: Path, copied: Callable[[], None]) -> None:
        self._counts["lines"] += block.clean_lines + block.odd.counts.total() + block.unfinished
        self._counts["unfinished"] += block.unfinished
        self._refused.update(block.odd.counts)
        for kind, examples in block.odd.examples.items():
            for example in examples:
                self._show(kind, example.decode(errors="backslashreplace"))
        if block.problem:
            self._problems.append(f"{path.name}: {block.problem}")
        if block.clean_lines:
            self._window.fill(block.clean)
            copied()
            self._count_clean(block.clean_lines)

    def _count_clean(self, clean_lines: int) -> None:
        run = self.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE hits AS {self._source.fast}")
        if self._source.lists is not None and self._number("SELECT count(line) FROM hits"):
            run("CREATE OR REPLACE TEMP TABLE several AS SELECT line FROM hits WHERE line IS NOT NULL")
            run("DELETE FROM hits WHERE line IS NOT NULL")
            run(f"INSERT INTO hits {self._source.lists}")
        fast = self._number(f"SELECT count(*) FROM hits WHERE {ACCEPTED}")
        slow_lines: Iterator[str] = iter(())
        if fast != clean_lines:
            run(f"DELETE FROM hits WHERE NOT {ACCEPTED}")
            if fast + self._number(f"SELECT count(*) FROM ({self._source.others})") == clean_lines:
                slow_lines = self._other_lines()
            else:  # the column store and the newlines disagree: believe the newlines and read every line slowly
                run("TRUNCATE hits")
                fast = 0
                slow_lines = iter(self._window.text().split("\n")[:-1])
        self._counts["parsed"] += fast
        self._count_slowly(slow_lines)
        self._aggregate()

    def _other_lines(self) -> Iterator[str]:
        cursor = self.connection.cursor().execute(self._source.others)
        while rows := cursor.fetchmany(_SLOW_BATCH):
            yield from (str(row[0]) for row in rows)

    def _count_slowly(self, lines: Iterator[str]) -> None:
        batch: list[dict[FieldName, str]] = []
        for line in lines:
            fields = self._fields_of(line)
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

    def _fields_of(self, line: str) -> dict[FieldName, str] | None:
        """The raw fields of one line by the slow way; None when the line is refused."""
        fields: dict[FieldName, str] | None
        if isinstance(self.format, JsonLines):
            fields = self.format.parse(line)
        else:
            match = self._pattern.fullmatch(line) if self._pattern else None
            groups = match.groupdict() if match else {}
            fields = {name: groups[name] for name in RAW_FIELDS if groups.get(name) is not None}
        if not fields or not _is_number(fields["status"]):
            return None
        times = [fields[name] for name in ("duration", "duration_2", "duration_3") if name in fields]
        return fields if all(text in ("-", "") or _is_number(text) for text in times) else None

    def _insert(self, batch: list[dict[FieldName, str]]) -> None:
        self.connection.execute("DELETE FROM raw")
        columns = [[fields.get(name) for fields in batch] for name in RAW_FIELDS]
        each = ", ".join(["unnest(CAST(? AS VARCHAR[]))"] * len(RAW_FIELDS))
        self.connection.execute(f"INSERT INTO raw SELECT {each}", columns)
        present: dict[FieldName, str] = {
            name: name if name == "status" else f"coalesce({name}, '')"
            for name in RAW_FIELDS
            if name in self.format.fields()
        }
        self.connection.execute(
            f"INSERT INTO hits SELECT {hits_select(self.format, present, lists=True)}, NULL FROM raw"
        )

    def _aggregate(self) -> None:
        run = self.connection.execute
        why = failure(self.format)
        run(
            f"INSERT INTO tally SELECT route, status, {why}, agent, tries, nullif(us, {UNTIMED}), count(*), "
            "sum(upstream_us) FROM hits GROUP BY ALL"
        )
        run(f"INSERT INTO moments SELECT key, count(*), count({why}) FROM hits WHERE agent = 0 GROUP BY key")
        if self.format.fields() & {"client", "forwarded"}:
            run(
                f"INSERT INTO clients SELECT client, count(*), count({why}), count(*) FILTER (status = 404) FROM hits "
                "WHERE agent = 0 GROUP BY client"
            )
            run(
                "INSERT INTO failed SELECT route, client, key, count(*) FROM hits "
                f"WHERE agent = 0 AND {why} IS NOT NULL GROUP BY ALL"
            )
        if "upstream_address" in self.format.fields():
            run("INSERT INTO upstreams SELECT upstream, attempts, status, upstream_us, count(*) FROM hits GROUP BY ALL")

    def _number(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def _show(self, kind: str, line: str) -> None:
        kept = self._examples.setdefault(kind, [])
        if len(kept) < EXAMPLES:
            kept.append(line[:EXAMPLE_BYTES])


class _Window:
    """The block as a file for the column store: in memory where the system can, else in the scratch folder."""

    def __init__(self, fallback: Path) -> None:
        if hasattr(os, "memfd_create"):
            self._file = os.memfd_create("infra-maintainer-log-block")
            self.path = f"/proc/self/fd/{self._file}"
        else:
            self._file = os.open(fallback, os.O_RDWR | os.O_CREAT, 0o600)
            self.path = str(fallback)

    def fill(self, content: memoryview) -> None:
        os.lseek(self._file, 0, os.SEEK_SET)
        os.ftruncate(self._file, len(content))
        while content:
            content = content[os.write(self._file, content) :]

    def text(self) -> str:
        return os.pread(self._file, os.fstat(self._file).st_size, 0).decode()

    def close(self) -> None:
        os.close(self._file)


def _is_number(text: str) -> bool:
    digits = text.lstrip("+-").replace(".", "", 1)
    return digits.isdecimal() and digits.isascii()


def _kind(line: str) -> str:
    text = line.strip()
    if not text:
        return "empty"
    if text.startswith("{"):
        return "json_line"
    if text.count('"') % 2:
        return "unbalanced_quote"
    return "other_format"
