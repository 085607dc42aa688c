"""The drill itself: list, fetch, restore, validate, each step timed, everything removed afterwards."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from infra_maintainer.drill.account import ordinary_account
from infra_maintainer.drill.damage import damage
from infra_maintainer.drill.errors import NotPossible, StepFailed, Stopped
from infra_maintainer.drill.files import drill_files
from infra_maintainer.drill.formats.copies import Copy
from infra_maintainer.drill.found import dumps_in, size_of
from infra_maintainer.drill.leftovers import sweep
from infra_maintainer.drill.logical import drill_dumps
from infra_maintainer.drill.notes import Notes
from infra_maintainer.drill.physical import drill_data_folder
from infra_maintainer.drill.process import SPACE_MESSAGES, Programs, StopSignal
from infra_maintainer.drill.record import DrillRecord, Result
from infra_maintainer.drill.repository import repository_for
from infra_maintainer.drill.scratch import Scratch, require_room, scratch_place
from infra_maintainer.drill.session import SqlError
from infra_maintainer.drill.target import Limits, Target

Progress = Callable[[str], None]
LEAST_FREE = 4_000_000  # less than this left after a failed step: the disk ran full


def run_drill(target: Target, limits: Limits, stop: StopSignal, progress: Progress) -> DrillRecord:
    """Restore the newest copy of `target` into a place of its own, check it, remove it, and say what happened.

    Never raises for a bad backup, a full disk or a cancel: those are the record's result. Our own faults raise,
    after the place is removed.
    """
    sweep(limits.scratch)
    at = datetime.now(UTC)
    notes = Notes(progress)
    drill_id = "none"
    result: Result = "passed"
    how: str | None = None
    try:
        account = ordinary_account(limits.user)
        with scratch_place(limits.scratch, account, None) as scratch:
            drill_id = scratch.drill_id
            programs = Programs(drill_id, scratch.path, account, stop, time.monotonic() + limits.seconds)
            with _full_disk_is_ours(scratch.path):
                _steps(target, limits, programs, scratch, notes)
    except Stopped as stopped:
        result = "stopped"
        notes.issue("stopped", str(stopped))
    except NotPossible as obstacle:
        result, how = "not_possible", obstacle.how
        notes.issue(obstacle.code, obstacle.detail)
    except (StepFailed, SqlError) as failed:
        notes.issue(failed.code if isinstance(failed, StepFailed) else "restore-failed", str(failed))
    except OSError as failed:
        if failed.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        result, how = "not_possible", "free space, or name a larger `scratch` in [recovery]"
        notes.issue("no-space", f"{limits.scratch} ran full during {notes.phase}")
    if result == "passed" and notes.issues:
        result = "failed"
    return notes.record(target, drill_id, at, result, how)


@contextmanager
def _full_disk_is_ours(place: Path) -> Generator[None]:
    """A step that failed on a full disk says nothing about the backup: raises OSError(ENOSPC) in its place."""
    try:
        yield
    except (StepFailed, NotPossible, SqlError) as failed:
        logs = [
            path for path in place.glob("server/server.log") if SPACE_MESSAGES[0] in path.read_text("utf-8", "replace")
        ]
        if logs or shutil.disk_usage(place).free < LEAST_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from failed
        raise


def _steps(target: Target, limits: Limits, programs: Programs, scratch: Scratch, notes: Notes) -> None:
    repository = repository_for(target, programs, scratch.path)
    with notes.timed("list"):
        listing = repository.copies()
        copy = _chosen(listing.newest, target)
        notes.copy = copy
        notes.level = 2
        require_room(limits.scratch, repository.size(copy))
    with notes.timed("check"):
        notes.checked(repository.check())
    fetched = scratch.folder("fetched")
    if repository.physical:
        programs.account.own(fetched)
    with notes.timed("fetch"):
        repository.fetch(copy, fetched)
        programs.account.own(fetched)
    notes.bytes_restored = size_of(fetched)
    if target.canary:
        damage(fetched)
    if repository.physical:
        drill_data_folder(target, limits, programs, scratch, fetched, notes)
    elif target.holds_files and not dumps_in(fetched, None):
        drill_files(fetched, notes)
    else:
        drill_dumps(target, limits, programs, scratch, fetched, notes)


def _chosen(newest: Copy | None, target: Target) -> Copy:
    if newest is None:
        raise StepFailed("no-backup", "the repository holds no finished copy")
    if newest.taken_at > datetime.now(UTC):
        raise StepFailed("timestamp-in-future", f"{newest.id} says it was taken at {newest.taken_at.isoformat()}")
    return newest
