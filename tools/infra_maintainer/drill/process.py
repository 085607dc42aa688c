"""One program of the drill: fixed arguments, a time limit, a capped output, and a stop that reaches it at once."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from infra_maintainer.drill.account import Account
from infra_maintainer.drill.errors import NotPossible, Stopped

OUTPUT_LIMIT = 4_000_000
SPACE_MESSAGES = ("No space left on device", "Disk quota exceeded")
MARK = "INFRA_MAINTAINER_DRILL"


class Ended(NamedTuple):
    """What a program left behind. `code` is the exit code, negative for a signal."""

    code: int
    out: str
    err: str
    seconds: float


class StopSignal:
    """A cancel that a waiting drill sees without polling: an eventfd that becomes readable."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def set(self) -> None:
        os.eventfd_write(self._fd, 1)

    def is_set(self) -> bool:
        with selectors.DefaultSelector() as ready:
            ready.register(self._fd, selectors.EVENT_READ)
            return bool(ready.select(timeout=0))

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        os.close(self._fd)


@dataclass(frozen=True)
class Programs:
    """Starts the programs of one drill, all marked with its id so that a later sweep knows them as ours."""

    drill_id: str
    home: Path
    account: Account
    stop: StopSignal
    deadline: float
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def start(
        self,
        argv: Sequence[str],
        *,
        as_account: bool,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.PIPE,
        stderr: int | IO[bytes] = subprocess.PIPE,
        environment: Mapping[str, str] | None = None,
        where: Path | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Start `argv` in its own process group. Raises NotPossible when the program is absent."""
        changes_user = as_account and not self.account.is_caller
        try:
            return subprocess.Popen(
                list(argv),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=where or self.home,
                env=self._environment(as_account) | dict(environment or {}),
                start_new_session=True,
                umask=0o077,
                user=self.account.uid if changes_user else None,
                group=self.account.gid if changes_user else None,
                extra_groups=[] if changes_user else None,
            )
        except FileNotFoundError as absent:
            raise NotPossible("program-absent", f"{argv[0]} is not installed", f"install {argv[0]} here") from absent

    def run(
        self,
        argv: Sequence[str],
        *,
        as_account: bool = False,
        time_limit: float | None = None,
        environment: Mapping[str, str] | None = None,
        where: Path | None = None,
    ) -> Ended:
        """Run `argv` to its end. Raises Stopped on cancel or when the drill's time is over, NotPossible when absent."""
        started = time.monotonic()
        deadline = self.deadline if time_limit is None else min(self.deadline, started + time_limit)
        process = self.start(argv, as_account=as_account, environment=environment, where=where)
        try:
            out, err = self._collect(process, deadline)
        finally:
            end_group(process)
        return Ended(process.returncode, out, err, time.monotonic() - started)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than a cancel. Raises Stopped."""
        with selectors.DefaultSelector() as ready:
            ready.register(self.stop, selectors.EVENT_READ)
            if ready.select(timeout=seconds):
                raise Stopped("cancelled")
        if time.monotonic() > self.deadline:
            raise Stopped("the drill's time limit passed")

    def _collect(self, process: "subprocess.Popen[bytes]", deadline: float) -> tuple[str, str]:
        assert process.stdout is not None and process.stderr is not None
        kept: dict[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
        with selectors.DefaultSelector() as ready:
            ready.register(self.stop, selectors.EVENT_READ)
            for descriptor in kept:
                ready.register(descriptor, selectors.EVENT_READ)
            open_pipes = set(kept)
            while open_pipes:
                events = ready.select(timeout=max(0.0, deadline - time.monotonic()))
                if not events:
                    raise Stopped(f"{process.args!r:.60} did not end within its time limit")
                for key, _ in events:
                    if key.fd == self.stop.fileno():
                        raise Stopped("cancelled")
                    chunk = os.read(key.fd, 65_536)
                    if not chunk:
                        ready.unregister(key.fd)
                        open_pipes.discard(key.fd)
                    kept[key.fd] += chunk[: max(0, OUTPUT_LIMIT - len(kept[key.fd]))]
        self._await_exit(process, deadline)
        out, err = (bytes(text).decode("utf-8", "replace") for text in kept.values())
        return out, err

    def _await_exit(self, process: "subprocess.Popen[bytes]", deadline: float) -> None:
        """Wait without collecting: until `end_group` has run, the group's number must stay taken."""
        exit_descriptor = os.pidfd_open(process.pid)
        try:
            with selectors.DefaultSelector() as ready:
                ready.register(exit_descriptor, selectors.EVENT_READ)
                ready.register(self.stop, selectors.EVENT_READ)
                events = ready.select(timeout=max(0.1, deadline - time.monotonic()))
        finally:
            os.close(exit_descriptor)
        if not any(key.fd == exit_descriptor for key, _ in events):
            raise Stopped("cancelled" if events else f"{process.args!r:.60} did not end within its time limit")

    def _environment(self, as_account: bool) -> dict[str, str]:
        # The caller's own programs need the caller's home: the keys of ssh and of cloud stores are there.
        names = ("PATH",) if as_account else ("PATH", "SSH_AUTH_SOCK", "HOME")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        fixed = {"LC_ALL": "C", "LANG": "C", "TZ": "UTC", "TMPDIR": str(self.home), MARK: self.drill_id}
        if as_account:
            fixed["HOME"] = str(self.home)
        return kept | fixed | dict(self.environment)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of the program's own group and collect it. We made the group, so nothing else is in it."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
