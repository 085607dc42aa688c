"""The drill of dumps: read them, restore them into a fresh server, validate."""

import errno
import os
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from infra_maintainer.drill.cluster import Cluster, initialise, running, server_programs
from infra_maintainer.drill.errors import NotPossible, StepFailed
from infra_maintainer.drill.formats.copies import ListingError
from infra_maintainer.drill.formats.dump import LEAST_BYTES, parse_contents, sql_is_whole
from infra_maintainer.drill.found import FoundDump, dumps_in, sha256_of, size_of
from infra_maintainer.drill.notes import Notes
from infra_maintainer.drill.process import SPACE_MESSAGES, Programs
from infra_maintainer.drill.record import Checked
from infra_maintainer.drill.repository import last_words
from infra_maintainer.drill.restore import NEWER_FORMAT, restore_dump
from infra_maintainer.drill.scratch import Scratch
from infra_maintainer.drill.target import Limits, Target
from infra_maintainer.drill.validate import validate

MOST_DUMPS = 20
FOREIGN_SUFFIXES = (".zst", ".xz", ".bz2", ".lz4", ".gpg", ".age", ".enc", ".7z", ".zip")
UNPACK = "restore it by hand, or let the job write the custom format (pg_dump -Fc), which is packed already"
DEFAULT_OLDER = 26 * 3600.0  # a day and two hours, when no target is declared


def drill_dumps(
    target: Target, limits: Limits, programs: Programs, scratch: Scratch, fetched: Path, notes: Notes
) -> None:
    """Everything after the fetch. Raises StepFailed when a dump cannot be read at all."""
    bin_folder = server_programs(configured=limits.postgres_bin)
    with notes.timed("read"):
        dumps = dumps_in(fetched, target.database)[:MOST_DUMPS]
        if not dumps:
            raise StepFailed("no-dump", "the copy holds no PostgreSQL dump, and a database is declared")
        for dump in dumps:
            _read(dump, target, notes)
    notes.level = 3
    with notes.timed("contents"):
        for dump in dumps:
            _contents(dump, target, programs, bin_folder, notes)
    place, data = scratch.folder("server"), scratch.folder("data")
    programs.account.own(data)
    with notes.timed("initdb"):
        initialise(programs, bin_folder, data)
    with ExitStack() as stack:
        with notes.timed("start"):
            cluster = stack.enter_context(running(programs, bin_folder, data, place))
        for number, dump in enumerate(dumps, 1):
            _restore_and_validate(cluster, dump, f"drill_{number}", target, scratch.path, notes)
    notes.level = 5


def _read(dump: FoundDump, target: Target, notes: Notes) -> None:
    size = size_of(dump.path)
    if size < LEAST_BYTES:
        raise StepFailed("empty-dump", f"{dump.path.name} is empty, or as good as")
    if dump.manifest_fault is not None:
        notes.issue("manifest-unreadable", dump.manifest_fault)
    if dump.manifest is not None:
        _against_manifest(dump, notes)
        _age(dump.manifest.taken_at, "the manifest", target, notes)
    if dump.form is None and dump.path.name.endswith(FOREIGN_SUFFIXES):
        raise NotPossible(
            "dump-form-unknown", f"{dump.path.name} is packed or sealed in a form the drill does not read", UNPACK
        )
    if dump.form is None:
        raise StepFailed("dump-unreadable", f"{dump.path.name} does not begin like any PostgreSQL dump")
    if "sql" in dump.form and not sql_is_whole(dump.path, dump.form):
        notes.issue("dump-truncated", f"{dump.path.name} lacks the line that pg_dump writes last")


def _against_manifest(dump: FoundDump, notes: Notes) -> None:
    assert dump.manifest is not None
    if dump.manifest.dump_code != 0:
        notes.issue("dump-job-failed", f"pg_dump ended with {dump.manifest.dump_code} when {dump.path.name} was made")
    same = sha256_of(dump.path) == dump.manifest.sha256
    says = (
        "sha256 is the one of the manifest"
        if same
        else f"{size_of(dump.path)} By, the manifest says {dump.manifest.bytes}"
    )
    notes.checked(
        Checked(
            name="dump file", outcome="passed" if same else "failed", says=says, code=None if same else "dump-altered"
        )
    )


def _contents(dump: FoundDump, target: Target, programs: Programs, bin_folder: Path, notes: Notes) -> None:
    """The table of contents: when the dump says it was made. That it can be listed is no proof of its data."""
    if dump.form not in ("custom", "directory", "tar"):
        return
    ended = programs.run([str(bin_folder / "pg_restore"), "-l", str(dump.path)], as_account=True)
    if newer := NEWER_FORMAT.search(ended.err):
        raise NotPossible(
            "postgres-too-old", f"the dump has format {newer.group(1)}", "install a newer PostgreSQL here"
        )
    try:
        contents = parse_contents(ended.out)
    except ListingError as odd:
        raise StepFailed("dump-unreadable", f"{odd}: {last_words(ended)}") from odd
    notes.checked(Checked(name="table of contents", outcome="passed", says=f"{contents.entries} entries listed"))
    if dump.manifest is None and contents.created is not None:
        _age(contents.created, "its own header", target, notes)


def _age(made: datetime, says_who: str, target: Target, notes: Notes) -> None:
    """A dump much older than the copy it lies in: the job copies an old file every night."""
    assert notes.copy is not None
    allowed = timedelta(seconds=target.rpo_seconds or DEFAULT_OLDER)
    if notes.copy.taken_at - made > allowed:
        notes.issue(
            "old-dump-in-new-snapshot", f"the dump is older than its copy by more than the target, by {says_who}"
        )


def _restore_and_validate(
    cluster: Cluster, dump: FoundDump, database: str, target: Target, work: Path, notes: Notes
) -> None:
    assert dump.form is not None
    with notes.timed("restore"):
        restored = restore_dump(cluster, dump.path, dump.form, database, work)
    if SPACE_MESSAGES[0] in cluster.log_tail(20_000):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if restored.errors:
        notes.issue("restore-errors", f"the first error: {restored.first}")
    if restored.missing_roles:
        notes.issue(
            "roles-not-in-backup",
            f"grants or policies name roles that are not there: {', '.join(restored.missing_roles)}",
        )
    notes.level = 4
    if dump.form.startswith("cluster"):
        database = target.database or "postgres"
    with notes.timed("validate"):
        validate(cluster, database, target, dump.manifest, notes)
