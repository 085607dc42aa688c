"""A host to look at: read a file, list a folder, run a command of the frozen table, take a psutil snapshot."""

import io
import os
import re
import stat
from pathlib import Path
from typing import Any, Protocol

from infra_maintainer.world.clock import Deadline
from infra_maintainer.world.commands import ENVIRONMENT, argv_of, not_installed
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.process import Output, run_bounded
from infra_maintainer.world.snapshots import SNAPSHOTS

READ_LIMIT = 4 << 20
READ_BLOCK = 64 << 10


class Host(Protocol):
    """The four ways to look at a host. Every failure is a WorldError."""

    @property
    def name(self) -> str:
        """The host's own name."""
        ...

    def read(self, path: str, limit: int = READ_LIMIT) -> str:
        """The text of a regular file."""
        ...

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted."""
        ...

    def run(self, command: str, *arguments: str) -> Output:
        """One command of the frozen table."""
        ...

    def snapshot(self, name: str, argument: str = "") -> Any:
        """One psutil reading, as plain JSON values."""
        ...


def plain_name(name: str) -> str:
    """A host name as names are: it stands in every sentence of a report, so nothing else may stand in it."""
    return re.sub(r"[^\w.:-]", "?", name)[:64] or "?"


class LiveHost:
    """The machine this runs on. `root` relocates every path, so that a folder can stand for a machine."""

    def __init__(self, deadline: Deadline, root: Path = Path("/")) -> None:
        self._deadline = deadline
        self._root = root

    @property
    def name(self) -> str:
        """The node name, as uname says."""
        return plain_name(os.uname().nodename)

    def read(self, path: str, limit: int = READ_LIMIT) -> str:
        """The text of a regular file, refused when longer than `limit` bytes. Never blocks on a pipe or device."""
        self._deadline.check()
        try:
            descriptor = os.open(self._at(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise WorldError("not_supported", f"{path} is not a regular file", "name a regular file")
                content = _up_to(file, limit + 1)
        except OSError as error:
            raise _refused(path, error) from error
        if len(content) > limit:
            raise WorldError("error", f"{path} is longer than {limit} bytes", "read a part of it by hand")
        return content.decode("utf-8", "replace")

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted."""
        self._deadline.check()
        try:
            return sorted(os.listdir(self._at(path)))
        except OSError as error:
            raise _refused(path, error) from error

    def run(self, command: str, *arguments: str) -> Output:
        """One command of the frozen table, within its own limits and the deadline."""
        self._deadline.check()
        row, argv = argv_of(command, arguments)
        timeout_s = min(row.timeout_s, self._deadline.remaining())
        try:
            return run_bounded(
                argv,
                timeout_s=timeout_s,
                limit_bytes=row.limit_bytes,
                environment=ENVIRONMENT,
                deadline=self._deadline,
            )
        except FileNotFoundError:
            raise not_installed(command) from None

    def snapshot(self, name: str, argument: str = "") -> Any:
        """One psutil reading. Raises KeyError for a name that is not in the table."""
        self._deadline.check()
        take = SNAPSHOTS[name]
        try:
            return take(argument)
        except OSError as error:
            raise _refused(argument or name, error) from error

    def _at(self, path: str) -> Path:
        if not path.startswith("/"):
            raise ValueError(f"{path!r} is not an absolute path")
        return self._root / path.lstrip("/")


def _up_to(file: io.FileIO, limit: int) -> bytes:
    """The first bytes of a file, in blocks: asked for megabytes at once, files under /proc/sys fail with ENOMEM."""
    parts: list[bytes] = []
    while limit > 0 and (block := file.read(min(limit, READ_BLOCK))):
        parts.append(block)
        limit -= len(block)
    return b"".join(parts)


def _refused(path: str, error: OSError) -> WorldError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return WorldError(
            "not_supported", f"{path} does not exist here", "nothing to do when this host has no such thing"
        )
    if isinstance(error, PermissionError):
        return WorldError("denied", f"{path}: {error.strerror}", f"run as a user who may read {path}")
    return WorldError("error", f"{path}: {error.strerror or error}", "look at it by hand")
