"""Counts of an access log, in memory that depends on distinct values and not on lines."""

import os
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infra_maintainer.logs.blocks import BLOCK_BYTES, EXAMPLE_BYTES, EXAMPLES, Block, blocks, distinct_files
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import FieldName

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

# Of the merging of the counts; a block on each core and the interpreter stay under 600 MB with it.
MEMORY_LIMIT = "250MB"
_BATCH_HITS = 250_000
_MOST_WORKERS = 2  # a third would lift the peak above 600 MB
_JSON_BLOCK_BYTES = 4 << 20  # the lines of a block stand in memory several times while their members are cut out


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
    """The libraries that read logs are not installed."""


class _Read(NamedTuple):
    """A block, read: its hits, and the lines that have no place in the format."""

    hits: "pl.DataFrame"
    refused: list[str]


class LogEngine:
    """Reads logs of one format, two blocks at once. Close it, or use it as a context manager."""

    def __init__(self, log_format: Format, block_bytes: int | None = None) -> None:
        """Raise EngineAbsent when DuckDB or Polars are not installed."""
        # Two blocks at once use two cores; threads inside a block, and columns side by side, would wait for each other.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        try:
            import duckdb

            from infra_maintainer.logs.cells import JsonBlocks, TextBlocks, with_rows
            from infra_maintainer.logs.counts import Counts
        except ImportError as absent:
            raise EngineAbsent("access logs need: pip install 'infra-maintainer[logs]'") from absent
        self.format = log_format
        usual = _JSON_BLOCK_BYTES if isinstance(log_format, JsonLines) else BLOCK_BYTES
        self._block_bytes = block_bytes or usual
        self._scratch = tempfile.TemporaryDirectory(prefix="infra-maintainer-logs-")
        self.connection: DuckDBPyConnection = duckdb.connect(":memory:")
        self.connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        self.connection.execute(f"SET temp_directory = '{self._scratch.name}'")
        self.connection.execute("SET preserve_insertion_order = false")
        self.connection.execute("SET TimeZone = 'UTC'")
        self._fast = (
            JsonBlocks(log_format, self.connection) if isinstance(log_format, JsonLines) else TextBlocks(log_format)
        )
        self._with_rows = with_rows
        self._pattern = None if isinstance(log_format, JsonLines) else log_format.pattern()
        self._workers = min(_MOST_WORKERS, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._workers, "log-block")
        self._counting: list[Future[None]] = []
        self._counts = Counts(Path(self._scratch.name))
        self._batch: list[pl.DataFrame] = []
        self._tally: Counter[str] = Counter()
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
        self._pool.shutdown(cancel_futures=True)
        self.connection.close()
        self._scratch.cleanup()

    def read(self, paths: Sequence[Path], keep_going: Callable[[], bool] = lambda: True) -> Lines:
        """Count the lines of these files. `keep_going` is asked before each block: False stops and says so.

        Raise OSError for the first file that cannot be opened, MissingReader for one whose compression needs a package.
        """
        for path in distinct_files(paths):
            if not self._read_file(path, keep_going):
                self._stopped = True
                break
        return self.lines()

    def lines(self) -> Lines:
        """The account of all lines read so far."""
        return Lines(
            lines=self._tally["lines"],
            parsed=self._tally["parsed"],
            refused=dict(self._refused),
            examples=dict(self._examples),
            unfinished=self._tally["unfinished"],
            problems=list(self._problems),
            stopped_early=self._stopped,
        )

    def counts(self) -> "DuckDBPyConnection":
        """A database with the tables tally, moments, clients, failed and upstreams of all lines read so far."""
        self._count()
        for each in self._counting:
            each.result()
        self._counts.tables(self.connection)
        return self.connection

    def _read_file(self, path: Path, keep_going: Callable[[], bool]) -> bool:
        """Blocks are taken in order, so that the examples of refused lines are the first ones; False when stopped."""
        reading: deque[Future[_Read]] = deque()
        go = True
        for block in blocks(path, self._block_bytes, buffers=self._workers + 2):
            go = keep_going()
            if not go:
                break
            self._account(block, path)
            if block.clean:
                reading.append(self._pool.submit(self._parse, block.clean))
            while len(reading) > self._workers:
                self._take(reading.popleft().result())
        for each in reading:
            self._take(each.result())
        return go

    def _account(self, block: Block, path: Path) -> None:
        self._tally["lines"] += block.odd.counts.total() + block.unfinished
        self._tally["unfinished"] += block.unfinished
        self._refused.update(block.odd.counts)
        for kind, examples in block.odd.examples.items():
            self._show(kind, (example.decode(errors="backslashreplace") for example in examples))
        if block.problem:
            self._problems.append(f"{path.name}: {block.problem}")

    def _parse(self, block: memoryview) -> _Read:
        found = self._fast.parse(bytes(block))
        rows: list[dict[FieldName, str]] = []
        refused: list[str] = []
        for line in found.others:
            fields = self._fields_of(line)
            if fields is None:
                refused.append(line)
            else:
                rows.append(fields)
        return _Read(self._with_rows(self.format, found.hits, rows), refused)

    def _take(self, read: _Read) -> None:
        self._tally["lines"] += read.hits.height + len(read.refused)
        self._tally["parsed"] += read.hits.height
        for line in read.refused:
            kind = _kind(line)
            self._refused[kind] += 1
            self._show(kind, [line])
        self._batch.append(read.hits)
        if sum(hits.height for hits in self._batch) >= _BATCH_HITS:
            self._count()

    def _count(self) -> None:
        self._counting.append(self._pool.submit(self._counts.add, len(self._counting), self._batch))
        self._batch = []

    def _fields_of(self, line: str) -> dict[FieldName, str] | None:
        """The raw fields of one line by the slow way; None when the line is refused."""
        fields: dict[FieldName, str] | None
        if isinstance(self.format, JsonLines):
            fields = self.format.parse(line)
        else:
            match = self._pattern.fullmatch(line) if self._pattern else None
            groups = match.groupdict() if match else {}
            fields = {name: groups[name] for name in self.format.fields() if groups.get(name) is not None}
        if not fields or not _is_number(fields["status"]):
            return None
        times = [fields[name] for name in ("duration", "duration_2", "duration_3") if name in fields]
        return fields if all(text in ("-", "") or _is_number(text) for text in times) else None

    def _show(self, kind: str, lines: Iterable[str]) -> None:
        kept = self._examples.setdefault(kind, [])
        kept += [line[:EXAMPLE_BYTES] for line in lines][: EXAMPLES - len(kept)]


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
