"""Run one program to its end, within a time and a size limit, and leave nothing of it behind."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from infra_maintainer.evidence.show import show
from infra_maintainer.world.clock import Deadline
from infra_maintainer.world.failure import WorldError


class Output(NamedTuple):
    """What a program printed, and its exit code (which alone proves nothing)."""

    stdout: str
    stderr: str
    code: int


def said(output: Output, size: int = 200) -> str:
    """The end of what a program said of its failure, on one line, else its exit code. Untrusted text."""
    lines = (output.stderr.strip() or output.stdout.strip()).splitlines()
    return " | ".join(lines)[-size:] if lines else f"exit code {output.code} and no word"


def run_bounded(
    argv: Sequence[str],
    *,
    timeout_s: float,
    limit_bytes: int,
    environment: Mapping[str, str],
    deadline: Deadline | None = None,
    folder: str = "/",
) -> Output:
    """Run argv without a shell, without standard input, in a process group of its own.

    Raises FileNotFoundError when the program does not exist and WorldError when it is too slow or the deadline is
    cancelled (timeout), prints too much (error) or may not be started (denied). Its whole group is killed in each case.
    """
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
            close_fds=True,
        )
    except PermissionError as error:
        raise WorldError("denied", f"{argv[0]} may not be run: {error.strerror}", "run as a user who may") from error
    try:
        with deadline.watched(lambda: _kill(child)) if deadline else nullcontext():
            stdout, stderr = _read(child, argv[0], timeout_s, limit_bytes)
        if deadline is not None and deadline.cancelled:
            deadline.check()  # what a killed program printed until then is not its answer
        return Output(stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"), child.wait(timeout=5))
    finally:
        _end(child)


def _read(child: "subprocess.Popen[bytes]", name: str, timeout_s: float, limit_bytes: int) -> tuple[bytes, bytes]:
    assert child.stdout is not None and child.stderr is not None
    end = time.monotonic() + timeout_s
    parts: dict[int, bytearray] = {child.stdout.fileno(): bytearray(), child.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in (child.stdout, child.stderr):
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = end - time.monotonic()
            if left <= 0:
                within = show(timeout_s, "s")
                how = "ask again with a longer time limit, or run it by hand to see why"
                raise WorldError("timeout", f"{name} did not finish within {within}", how)
            for key, _ in selector.select(left):
                block = os.read(key.fd, 65536)
                if not block:
                    selector.unregister(key.fileobj)
                    continue
                parts[key.fd] += block
                if len(parts[key.fd]) > limit_bytes:
                    raise WorldError(
                        "error", f"{name} printed more than {limit_bytes} bytes", "narrow what it is asked"
                    )
    return bytes(parts[child.stdout.fileno()]), bytes(parts[child.stderr.fileno()])


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        _kill(child)
        child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def _kill(child: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
