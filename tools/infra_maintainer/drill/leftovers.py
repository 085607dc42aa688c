"""What a killed drill left behind: found by its mark, ended and removed, and nothing else touched."""

import json
import os
import select
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "infra-maintainer-drill-"
OWNER_FILE = "owner.json"
MARK = b"INFRA_MAINTAINER_DRILL="
GRACE_SECONDS = 3.0
END_SECONDS = 10.0


def process_start(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot (proc(5) stat, field 22), None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def remove_place(path: Path, drill_id: str) -> None:
    """End every process of the drill `drill_id`, then remove its place. Safe to call twice and from two processes."""
    end_processes(path, drill_id)
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():  # a process that was just ending may have written once more
        end_processes(path, drill_id)
        shutil.rmtree(path, ignore_errors=True)


def sweep(root: Path) -> list[Path]:
    """Remove the places under `root` whose drill no longer runs. Returns what was removed."""
    removed: list[Path] = []
    if not root.is_dir():
        return removed
    for path in sorted(root.glob(f"{PREFIX}*")):
        if path.is_symlink() or not path.is_dir() or not _ours(path) or _owner_lives(path):
            continue
        drill_id = path.name.removeprefix(PREFIX)
        remove_place(path, drill_id)
        removed.append(path)
    return removed


def end_processes(path: Path, drill_id: str) -> None:
    """End the processes that carry the drill's mark in their environment or stand in its place, and wait for them.

    A server is asked first (SIGQUIT): killed outright it would leave its shared memory behind.
    """
    for kind, patience in ((signal.SIGQUIT, GRACE_SECONDS), (signal.SIGKILL, END_SECONDS)):
        deadline = time.monotonic() + patience
        watched = [descriptor for pid in _processes(path, drill_id) if (descriptor := _signal(pid, kind)) is not None]
        for descriptor in watched:
            _await_end(descriptor, deadline)


def _processes(path: Path, drill_id: str) -> list[int]:
    mark = MARK + drill_id.encode()
    place = os.path.realpath(path)
    found: list[int] = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid() and _belongs(int(entry), mark, place):
            found.append(int(entry))
    return found


def _belongs(pid: int, mark: bytes, place: str) -> bool:
    # A server process overwrites its environment with its title, but always stands in its data folder.
    try:
        if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            return True
        where = os.readlink(f"/proc/{pid}/cwd").removesuffix(" (deleted)")
    except OSError:
        return False
    return where == place or where.startswith(place + os.sep)


def _signal(pid: int, kind: signal.Signals) -> int | None:
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    with suppress(ProcessLookupError, PermissionError):
        signal.pidfd_send_signal(descriptor, kind)
    return descriptor


def _await_end(descriptor: int, deadline: float) -> None:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
    os.close(descriptor)


def _ours(path: Path) -> bool:
    # Root gives the place to an ordinary account, so for root any owner will do; others see only their own.
    return os.geteuid() in (0, path.stat().st_uid)


def _owner_lives(path: Path) -> bool:
    try:
        owner = json.loads((path / OWNER_FILE).read_text())
        pid, started = int(owner["pid"]), owner["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return time.time() - path.stat().st_mtime < END_SECONDS  # a place just being made has no owner file yet
    return process_start(pid) == str(started)
