"""The folder of one engine's counts, and the end of those that killed engines left.

The owner holds a lock in it, which the kernel takes off when the owner ends: who gets it removes what nobody uses.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "infra-maintainer-logs-"
LOCK = "in-use"


class Scratch:
    """A folder of its own until `cleanup`."""

    def __init__(self) -> None:
        """Remove what killed owners left, and make the folder."""
        sweep(Path(tempfile.gettempdir()))
        while True:
            self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)
            self.path = Path(self._folder.name)
            self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            with suppress(OSError):  # a file system without locks, where nobody can sweep either
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            if self.path.exists():
                return
            self.cleanup()  # another process took it, between the two lines above, for one that nobody owns

    def cleanup(self) -> None:
        """Remove the folder and what is in it."""
        self._folder.cleanup()
        os.close(self._lock)


def sweep(place: Path) -> None:
    """Remove the folders of this user under `place` whose owner has ended."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # without a lock it is not ours, with one that is held its owner lives
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not folder.is_symlink() and folder.stat().st_uid == os.geteuid():
                    shutil.rmtree(folder)
            finally:
                os.close(lock)
