"""The place of one drill: private, marked, guarded, and gone afterwards in every outcome."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra_maintainer.drill.account import Account
from infra_maintainer.drill.errors import NotPossible
from infra_maintainer.drill.leftovers import OWNER_FILE, PREFIX, process_start, remove_place

SPACE_FACTOR = 2.5  # restored data, its indexes and write-ahead log beside the fetched copy


@dataclass(frozen=True)
class Scratch:
    """A fresh folder of mode 0700 that belongs to the ordinary account."""

    path: Path
    drill_id: str

    def folder(self, name: str) -> Path:
        made = self.path / name
        made.mkdir(mode=0o700)
        return made


@contextmanager
def scratch_place(root: Path, account: Account, needed_bytes: int | None) -> Generator[Scratch]:
    """Make the place, guard it by a process that outlives a kill of this one, and remove it at the end.

    `needed_bytes` is the size of the backup; SPACE_FACTOR times that must be free. Raises NotPossible without room.
    """
    require_room(root, needed_bytes)
    drill_id = secrets.token_hex(8)
    path = root / f"{PREFIX}{drill_id}"
    path.mkdir(mode=0o700)
    owner = {"id": drill_id, "pid": os.getpid(), "started": process_start(os.getpid())}
    (path / OWNER_FILE).write_text(json.dumps(owner))
    account.own(path)
    guard = _start_guard(path, drill_id)
    try:
        yield Scratch(path, drill_id)
    finally:
        remove_place(path, drill_id)
        _end_guard(guard)


def require_room(root: Path, needed_bytes: int | None) -> None:
    """Raises NotPossible when `root` is not a usable folder or has less than SPACE_FACTOR times `needed_bytes` free."""
    if not root.is_dir():
        raise NotPossible(
            "scratch-absent", f"{root} is not a folder", "make it, or name another `scratch` in [recovery]"
        )
    free = shutil.disk_usage(root).free
    needed = SPACE_FACTOR * (needed_bytes or 0)
    if free < needed:
        raise NotPossible(
            "no-space",
            f"{root} has {free} By free, the drill needs {needed:.0f} By ({SPACE_FACTOR} times the backup)",
            "free that much, or name a larger `scratch` in [recovery]",
        )


def _start_guard(path: Path, drill_id: str) -> "subprocess.Popen[bytes]":
    """A small process that waits on our pipe: when we die without a word, the pipe closes and it removes the place."""
    script = Path(__file__).with_name("guard.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(script), str(path), drill_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def _end_guard(guard: "subprocess.Popen[bytes]") -> None:
    guard.communicate(b"done")
