"""How much disk a folder really holds, and what deleted files are still held open: bounded walks, as any user.

Sizes are st_blocks*512 (sparse files count what they use), one file system, hard links once, symbolic links never
followed. What may not be read is counted, so that a part is never taken for the whole.
"""

import os
import re
import stat
import time
from collections.abc import Iterator

MOST_ENTRIES = 300_000
MOST_SECONDS = 3.0
BLOCK = 512


def tree_size(argument: str) -> dict[str, int | bool]:
    """Bytes under `PATH`, or of files older than N days under `PATH|N`; what was denied, and whether it was cut short.

    Raises OSError when the folder itself cannot be read.
    """
    path, _, days = argument.partition("|")
    oldest = time.time() - int(days) * 86400 if days else None
    device = os.stat(path).st_dev
    end = time.monotonic() + MOST_SECONDS
    size = entries = denied = 0
    seen: set[tuple[int, int]] = set()
    waiting = [path]
    capped = False
    while waiting and not capped:
        try:
            found = list(os.scandir(waiting.pop()))
        except OSError:
            denied += 1
            if entries == 0 and not waiting:
                raise
            continue
        for entry in found:
            entries += 1
            if entries > MOST_ENTRIES or time.monotonic() > end:
                capped = True
                break
            try:
                about = entry.stat(follow_symlinks=False)
            except OSError:
                denied += 1
                continue
            if stat.S_ISDIR(about.st_mode):
                if about.st_dev == device:
                    waiting.append(entry.path)
                continue
            if about.st_nlink > 1 and (about.st_dev, about.st_ino) in seen:
                continue
            seen.add((about.st_dev, about.st_ino))
            if oldest is None or about.st_mtime < oldest:
                size += about.st_blocks * BLOCK
    return {"bytes": size, "entries": min(entries, MOST_ENTRIES), "denied": denied, "capped": capped}


def deleted_open(_: str) -> dict[str, int]:
    """Bytes of deleted files that some process still holds open, each file once; processes read and denied."""
    size = files = processes = denied = 0
    seen: set[tuple[int, int]] = set()
    for process in (name for name in os.listdir("/proc") if name.isdigit()):
        try:
            descriptors = os.listdir(f"/proc/{process}/fd")
        except PermissionError:
            denied += 1
            continue
        except OSError:
            continue  # it ended meanwhile
        processes += 1
        for link in _deleted_links(process, descriptors):
            try:
                about = os.stat(link)
            except OSError:
                continue
            if stat.S_ISREG(about.st_mode) and (about.st_dev, about.st_ino) not in seen:
                seen.add((about.st_dev, about.st_ino))
                size += about.st_blocks * BLOCK
                files += 1
    return {"bytes": size, "files": files, "processes": processes, "denied": denied}


def _deleted_links(process: str, descriptors: list[str]) -> Iterator[str]:
    for descriptor in descriptors:
        link = f"/proc/{process}/fd/{descriptor}"
        try:
            target = os.readlink(link)
        except OSError:
            continue
        # Memory files look deleted and hold no disk.
        if target.endswith(" (deleted)") and not re.match(r"/(memfd:|dev/(shm|zero)|SYSV|i915|anon_hugepage)", target):
            yield link
