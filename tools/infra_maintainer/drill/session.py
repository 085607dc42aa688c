"""One conversation with psql: statements that must share a transaction, and many answers for one program start."""

import os
import selectors
import subprocess
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from infra_maintainer.drill.errors import DrillError, Stopped
from infra_maintainer.drill.process import StopSignal, end_group

ANSWER_LIMIT = 20_000_000
ARGUMENTS = ("-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse")


class SqlError(DrillError):
    """The server refused a statement; the text is the server's."""


class Session:
    """Owns a psql process. Use as a context manager; the process is ended on the way out."""

    def __init__(self, process: "subprocess.Popen[bytes]", stop: StopSignal, deadline: float) -> None:
        self._process = process
        self._stop = stop
        self._deadline = deadline
        self._asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        if kind is None:
            with suppress(OSError):
                self._process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)
        end_group(self._process)

    def ask(self, statement: str) -> str:
        """Run one statement and return its answer, rows separated by newlines. Raises SqlError, Stopped."""
        assert self._process.stdin is not None
        self._asked += 1
        word = f"answered-{self._asked}-{id(self)}"
        try:
            self._process.stdin.write(f"{statement};\n\\echo {word}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the reason stands on standard error and is read below
        return self._read_until(word.encode())

    def _read_until(self, word: bytes) -> str:
        assert self._process.stdout is not None and self._process.stderr is not None
        out, err = bytearray(), bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ, out)
            ready.register(self._process.stderr, selectors.EVENT_READ, err)
            ready.register(self._stop, selectors.EVENT_READ)
            while not out.endswith(word + b"\n"):
                events = ready.select(timeout=max(0.0, self._deadline - time.monotonic()))
                if not events or any(key.fileobj is self._stop for key, _ in events):
                    raise Stopped("cancelled" if events else "a statement did not end within the drill's time limit")
                for key, _ in events:
                    chunk = os.read(key.fd, 65_536)
                    if not chunk and key.data is out:
                        raise SqlError(self._rest_of_errors(err))
                    if not chunk:
                        ready.unregister(key.fd)
                    key.data.extend(chunk)
                    if len(key.data) > ANSWER_LIMIT:
                        raise SqlError(f"the answer is longer than {ANSWER_LIMIT} bytes")
        return bytes(out[: -len(word) - 1]).decode("utf-8", "replace").strip("\n")

    def _rest_of_errors(self, err: bytearray) -> str:
        assert self._process.stderr is not None
        with suppress(OSError, ValueError):
            err += self._process.stderr.read() or b""
        return bytes(err).decode("utf-8", "replace").strip()[:2000] or "psql ended without a word"
