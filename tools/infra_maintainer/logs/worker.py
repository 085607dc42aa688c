"""A process that reads pieces of logs for this one: two of them use two cores, which threads in one process do not."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import infra_maintainer
from infra_maintainer.logs.account import Account
from infra_maintainer.logs.blocks import Piece
from infra_maintainer.logs.wanted import Wanted

if TYPE_CHECKING:
    from infra_maintainer.logs.known import Format


# Blocks come and go, all of one size: memory that is kept some seconds for the next one saves a tenth of the time
# (glibc for the bytes, jemalloc for the columns; it gives back free spans of 8 MB at once unless their threshold is
# out of reach). A thread of Polars beside the one that reads would only wait for the other core.
_FOR_BLOCKS = {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(64 << 20),
    "_RJEM_MALLOC_CONF": f"dirty_decay_ms:3000,oversize_threshold:{1 << 40},narenas:1,background_thread:false",
    "POLARS_MAX_THREADS": "1",
}


class Setup(NamedTuple):
    """What a reader needs to know: the readers of one log share the folder of counts and the seed for clients."""

    format: "Format"
    block_bytes: int
    folder: Path
    seed: int
    wanted: Wanted


class WorkerEnded(Exception):
    """Something outside ended the process, such as a machine without memory."""


class Worker:
    """A PieceReader in a process of its own, which ends with this one. It reads through the files open here."""

    def __init__(self, setup: Setup, name: str, descriptors: Sequence[int], cpu: int | None = None) -> None:
        """Start it, to stay on one CPU if told which."""
        places = [str(Path(each).parent) for each in infra_maintainer.__path__]
        argv = [
            sys.executable,
            "-P",
            "-m",
            "infra_maintainer.logs.reader_process",
            *([] if cpu is None else [str(cpu)]),
        ]
        with ExitStack() as undo:
            self._complaints = undo.enter_context((setup.folder / f"{name}.stderr").open("w+b"))
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                cwd="/",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(places), **_FOR_BLOCKS},
                pass_fds=descriptors,
                start_new_session=True,  # an interrupt at the terminal reaches this process, which ends the worker
            )
            undo.callback(self.close)
            self._tell((setup, name))
            undo.pop_all()

    def read(self, piece: Piece) -> Iterator[Account]:
        """The accounts of its blocks. Raise what the piece refused, or WorkerEnded."""
        self._tell(piece)
        while isinstance(answer := self._hear(), Account):
            yield answer
            self._tell("on")
        if isinstance(answer, Exception):
            raise answer

    def finish(self) -> Account:
        """Count what waits, also in the middle of a piece, and end. Raise WorkerEnded."""
        self._tell(None)
        account = self._hear()
        assert isinstance(account, Account)
        return account

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.communicate()
        self._complaints.close()

    def _tell(self, message: object) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _hear(self) -> object:
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError):
            raise self._ended() from None

    def _ended(self) -> Exception:
        code = self._process.wait()
        if code < 0:
            return WorkerEnded(f"the process that read the log was ended by {signal.Signals(-code).name}")
        self._complaints.seek(0)
        return RuntimeError(f"the reader of the log failed:\n{self._complaints.read().decode(errors='replace')}")
