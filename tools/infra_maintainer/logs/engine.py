"""Counts of access logs, in memory that depends on distinct values and not on lines."""

import os
import random
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from importlib.util import find_spec
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from infra_maintainer.logs.account import Account, Lines
from infra_maintainer.logs.blocks import BLOCK_BYTES, Piece, distinct_files, pieces
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.scratch import Scratch
from infra_maintainer.logs.wanted import NOTHING_MORE, Wanted
from infra_maintainer.logs.worker import Setup, Worker

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Of the merging of the counts, when the readers have ended; with it this process stays under 600 MB.
MEMORY_LIMIT = "450MB"
# A rare protocol is taken off the routes here, where they are few.
_FOLDED = "* REPLACE (split_part(route, ' HTTP/', 1) AS route)"
_TABLES = {"tally": _FOLDED, "moments": "*", "clients": "*", "failed": _FOLDED, "upstreams": "*", "ends": "*"}
_PACES = {"paces": _FOLDED}  # of the wanted routes only, where there are some
_MOST_WORKERS = 2  # a third would lift the peak above 600 MB
_WORTH_A_PROCESS_BYTES = 24 << 20  # less is read here before a worker has started
_JSON_BLOCK_BYTES = 4 << 20  # the lines of a block stand in memory several times while their members are cut out


def places() -> list[int | None]:
    """The CPU of each worker, None for any. Where there are just as many CPUs, each has its own: the two threads of a
    worker take turns, and the scheduler often wakes one of them on the other worker's CPU while its own is idle."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    count = len(usable) or os.cpu_count() or 1
    return [*usable] if len(usable) == _MOST_WORKERS else [None] * min(count, _MOST_WORKERS)


class EngineAbsent(Exception):
    """The libraries that read logs are not installed."""


class _Task(NamedTuple):
    number: int
    path: Path
    piece: Piece


class _Served(NamedTuple):
    """The accounts of the blocks that a reader has read, with their task, and of what it kept for its end."""

    blocks: list[tuple[_Task, Account]]
    rest: Account


class _Reader(Protocol):
    def read(self, piece: Piece) -> Iterator[Account]: ...

    def finish(self) -> Account: ...


class LogEngine:
    """Reads logs of one format. Close it, or use it as a context manager."""

    def __init__(self, log_format: Format, block_bytes: int | None = None, wanted: Wanted = NOTHING_MORE) -> None:
        """Wanted routes are counted by minute too, when there are windows for them.

        Raise EngineAbsent when DuckDB or Polars are not installed.
        """
        if not all(map(find_spec, ("duckdb", "polars"))):
            raise EngineAbsent("access logs need: pip install 'infra-maintainer[logs]'")
        self.format, self.wanted = log_format, wanted
        usual = _JSON_BLOCK_BYTES if isinstance(log_format, JsonLines) else BLOCK_BYTES
        seed = random.getrandbits(64)
        self._scratch = Scratch()
        self._setup = Setup(log_format, block_bytes or usual, self._scratch.path, seed, wanted)
        self._readers = 0
        self._account = Account()
        self._stopped = False
        self._asking = Lock()

    def __enter__(self) -> "LogEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the memory and the scratch folder."""
        if "connection" in vars(self):
            self.connection.close()
        self._scratch.cleanup()

    @cached_property
    def connection(self) -> "DuckDBPyConnection":
        """The database of `counts`."""
        import duckdb

        connection = duckdb.connect(":memory:")
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"SET temp_directory = '{self._scratch.path}'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    def read(self, paths: Sequence[Path], keep_going: Callable[[], bool] = lambda: True) -> Lines:
        """Count the lines of these files. `keep_going` is asked before each block: False stops and says so.

        Raise OSError for the first file that cannot be opened, MissingReader for one whose compression needs a package,
        WorkerEnded when a process that reads was ended from outside.
        """
        with ExitStack() as opened:
            files = {opened.enter_context(path.open("rb", buffering=0)): path for path in distinct_files(paths)}
            cut = [(path, piece) for log, path in files.items() for piece in self._pieces(log)]
            tasks = deque(_Task(number, *each) for number, each in enumerate(cut))
            size = sum(os.fstat(log.fileno()).st_size for log in files)
            with (
                self._open_readers([log.fileno() for log in files], size) as readers,
                ThreadPoolExecutor(len(readers), "log-reader") as pool,
            ):
                serving = [pool.submit(self._serve, reader, tasks, keep_going) for reader in readers]
                self.connection.begin().commit()  # ready for the counts before they are
                try:
                    wait(serving, return_when=FIRST_EXCEPTION)
                    served = [each.result() for each in serving]
                finally:
                    tasks.clear()  # after an error or an interrupt the others end with the block they are at
        for task, account in sorted((each for some in served for each in some.blocks), key=lambda each: each[0].number):
            account.problems = [f"{task.path.name}: {problem}" for problem in account.problems]
            self._account.add(account)
        for some in served:
            self._account.add(some.rest)
        return self.lines()

    def lines(self) -> Lines:
        """The account of all lines read so far."""
        return self._account.lines(stopped_early=self._stopped)

    def counts(self) -> "DuckDBPyConnection":
        """A database with the views tally, moments, clients, failed, upstreams and ends of all lines read so far.

        Routes that are counted by minute have the view paces.

        A group has a row per batch of hits that it is in, so that whoever asks sums them up.
        """
        for table, columns in {**_TABLES, **(_PACES if self.wanted.by_minute else {})}.items():
            files = f"read_parquet('{self._setup.folder}/{table}-*.parquet')"
            self.connection.execute(f"CREATE OR REPLACE VIEW {table} AS SELECT {columns} FROM {files}")
        return self.connection

    def _pieces(self, log: FileIO) -> Iterator[Piece]:
        return pieces(log.fileno(), self._setup.block_bytes)

    @contextmanager
    def _open_readers(self, descriptors: list[int], size_bytes: int) -> Generator[list[_Reader]]:
        name, cpus = str(self._readers), places()
        self._readers += 1
        if len(cpus) == 1 or size_bytes < _WORTH_A_PROCESS_BYTES:
            from infra_maintainer.logs.reader import PieceReader

            yield [PieceReader(self._setup, name)]
            return
        with ExitStack() as started:
            yield [
                started.enter_context(closing(Worker(self._setup, f"{name}-{number}", descriptors, cpu)))
                for number, cpu in enumerate(cpus)
            ]

    def _serve(self, reader: _Reader, tasks: deque[_Task], keep_going: Callable[[], bool]) -> _Served:
        """Give a reader one task after the other."""
        found: list[tuple[_Task, Account]] = []
        while tasks and not self._stopped:
            if not self._goes_on(keep_going):
                break
            try:
                task = tasks.popleft()
            except IndexError:  # the other reader was faster
                break
            for account in reader.read(task.piece):
                found.append((task, account))
                if task.piece.stop is None and not self._goes_on(keep_going):
                    break
        return _Served(found, reader.finish())

    def _goes_on(self, keep_going: Callable[[], bool]) -> bool:
        with self._asking:  # who is asked need not know of threads
            self._stopped = self._stopped or not keep_going()
        return not self._stopped
