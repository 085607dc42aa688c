"""The living database's list of tables, asked read-only: a table born after the backup job is never in it otherwise."""

import json
import subprocess

from infra_maintainer.drill.formats.manifest import TABLES
from infra_maintainer.drill.notes import Notes
from infra_maintainer.drill.process import Programs
from infra_maintainer.drill.record import Checked
from infra_maintainer.drill.session import ARGUMENTS, Session, SqlError

READ_ONLY = {"PGOPTIONS": "-c default_transaction_read_only=on -c statement_timeout=10s", "PGCONNECT_TIMEOUT": "5"}


def live_tables(programs: Programs, psql: str, conninfo: str, notes: Notes) -> tuple[str, ...] | None:
    """Names `schema.table` of the living database, None (and said in `notes`) when it could not be asked.

    Runs as the caller: its own password file and service file give the access, never the drill.
    """
    process = programs.start(
        [psql, *ARGUMENTS, "-w", "-d", conninfo], as_account=False, stdin=subprocess.PIPE, environment=READ_ONLY
    )
    try:
        with Session(process, programs.stop, programs.deadline) as session:
            names: list[list[str]] = json.loads(session.ask(TABLES) or "null") or []
    except SqlError as refused:
        notes.checked(Checked(name="living catalogue", outcome="not_done", says=f"could not be asked: {refused}"[:200]))
        return None
    return tuple(f"{schema}.{table}" for schema, table in names)
