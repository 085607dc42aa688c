"""Dump a database and write down, in the same snapshot, what it held: run by the backup job, not by the drill."""

import json
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.formats.manifest import (
    NAME,
    OBJECTS,
    SAME_TEXT,
    TABLES,
    Manifest,
    TableContent,
    content_statement,
    newest_statement,
)
from infra_maintainer.drill.found import sha256_of
from infra_maintainer.drill.process import StopSignal
from infra_maintainer.drill.session import ARGUMENTS, Session

DAY = 86400.0


def backup_with_manifest(
    conninfo: str, dump: Path, newest: tuple[str, ...] = (), bin_folder: Path | None = None
) -> Path:
    """Write `dump` (custom format) and its manifest beside it; gives the manifest's path.

    pg_dump takes over the snapshot of our transaction, so both saw the same rows. Raises FileExistsError for a dump
    that is there already, StepFailed when pg_dump failed (the manifest is written all the same and says so), SqlError.
    """
    if dump.exists():
        raise FileExistsError(f"{dump} is there already; a backup is never written over another")
    psql = str(bin_folder / "psql") if bin_folder else "psql"
    stop = StopSignal()
    process = subprocess.Popen(
        [psql, *ARGUMENTS, "-w", "-d", conninfo],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        with Session(process, stop, time.monotonic() + DAY) as session:
            session.ask("begin isolation level repeatable read read only")
            manifest = _dump_and_describe(session, conninfo, dump, newest, bin_folder)
    finally:
        stop.close()
    path = dump.with_name(f"{dump.name}.{NAME}")
    partial = path.with_name(path.name + ".part")
    partial.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)
    if manifest.dump_code != 0:
        raise StepFailed("dump-job-failed", f"pg_dump ended with {manifest.dump_code}; {path} says so")
    return path


def _dump_and_describe(
    session: Session, conninfo: str, dump: Path, newest: tuple[str, ...], bin_folder: Path | None
) -> Manifest:
    taken_at = datetime.now(UTC)
    snapshot = session.ask("select pg_export_snapshot()")
    started = time.monotonic()
    pg_dump = str(bin_folder / "pg_dump") if bin_folder else "pg_dump"
    code = subprocess.call([pg_dump, "-Fc", "-w", f"--snapshot={snapshot}", "-f", str(dump), "-d", conninfo])
    seconds = time.monotonic() - started
    session.ask(SAME_TEXT)
    names: list[list[str]] = json.loads(session.ask(TABLES) or "null") or []
    return Manifest(
        database=session.ask("select current_database()"),
        taken_at=taken_at,
        server_version=session.ask("show server_version"),
        lsn=session.ask("select case when pg_is_in_recovery() then null else pg_current_wal_lsn() end") or None,
        dump=dump.name,
        dump_code=code,
        dump_seconds=round(seconds, 3),
        bytes=dump.stat().st_size if dump.exists() else 0,
        sha256=sha256_of(dump) if dump.exists() else "",
        tables={
            f"{schema}.{table}": TableContent.model_validate_json(session.ask(content_statement(schema, table)))
            for schema, table in names
        },
        objects=json.loads(session.ask(OBJECTS)),
        newest={column: _text(session.ask(newest_statement(column))) for column in newest},
    )


def _text(answer: str) -> str | None:
    value = json.loads(answer or "null")
    return None if value is None else str(value)
