"""A real program on loopback, started for tests: ready when it answers, ended by its own process id."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

READY_WITHIN_S = 20.0


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def scratch(prefix: str, owner: str | None = None) -> Generator[Path]:
    """A short private folder (socket paths may have 107 bytes), given to `owner` when we are root, removed after."""
    folder = Path(tempfile.mkdtemp(prefix=f"im-{prefix}-", dir="/tmp"))
    try:
        if owner is not None and os.geteuid() == 0:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unprivileged() -> str | None:
    """The account to run servers as that refuse root; None when we are not root and need none."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


@contextmanager
def running(
    argv: Sequence[str],
    ready: Callable[[], bool],
    folder: Path,
    user: str | None = None,
    *,
    directory: Path | None = None,
) -> Generator["subprocess.Popen[bytes]"]:
    """The program while it runs in `directory`, else in `folder`, which gets its output.

    Raise AssertionError with that output when the program ends or stays silent for too long.
    """
    said = folder / "program.out"
    with said.open("wb") as out:
        process = subprocess.Popen(
            argv, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=directory or folder, user=user
        )
    try:
        end = time.monotonic() + READY_WITHIN_S
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{argv[0]} is not ready (exit {process.poll()}): {said.read_text()[-2000:]}")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
