"""The drill of a data folder: start it, let it recover to its target, validate, check every page's checksum."""

import re
import signal
from contextlib import ExitStack
from pathlib import Path

from infra_maintainer.drill.cluster import Cluster, await_promotion, end_server, running, server_programs
from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.notes import Notes
from infra_maintainer.drill.process import Programs
from infra_maintainer.drill.record import Checked
from infra_maintainer.drill.repository import last_words
from infra_maintainer.drill.scratch import Scratch
from infra_maintainer.drill.target import Limits, Target
from infra_maintainer.drill.validate import validate

# A server in recovery refuses to start with less than its source had; pg_controldata names them so.
AT_LEAST = {
    "max_connections": "max_connections",
    "max_worker_processes": "max_worker_processes",
    "max_wal_senders": "max_wal_senders",
    "max_prepared_xacts": "max_prepared_transactions",
    "max_locks_per_xact": "max_locks_per_transaction",
}


def drill_data_folder(
    target: Target, limits: Limits, programs: Programs, scratch: Scratch, data: Path, notes: Notes
) -> None:
    """Everything after the fetch. Raises StepFailed when the server does not start or the target is not reached."""
    try:
        major = (data / "PG_VERSION").read_text().strip()
    except OSError as absent:
        raise StepFailed("no-data-folder", "what was restored has no PG_VERSION") from absent
    bin_folder = server_programs(major, limits.postgres_bin)
    with notes.timed("read"):
        control = programs.run([str(bin_folder / "pg_controldata"), str(data)], as_account=True)
        if control.code != 0:
            raise StepFailed("dump-unreadable", f"pg_controldata: {last_words(control)}")
    notes.level = 3
    settings = _least_settings(control.out)
    with ExitStack() as stack:
        with notes.timed("start"):
            place = scratch.folder("server")
            cluster = stack.enter_context(running(programs, bin_folder, data, place, target.role, settings))
        with notes.timed("replay"):
            await_promotion(cluster, limits.seconds)
        notes.level = 4
        with notes.timed("validate"):
            validate(cluster, target.database or "postgres", target, None, notes, physical=True)
        end_server(cluster.process, signal.SIGINT)
        with notes.timed("checksums"):
            notes.checked(_checksums(cluster))
    notes.level = 5


def _checksums(cluster: Cluster) -> Checked:
    ended = cluster.programs.run([cluster.program("pg_checksums"), "--check", "-D", str(cluster.data)], as_account=True)
    scanned = re.search(r"Blocks scanned:\s+(\d+)", ended.out)
    if "not enabled" in ended.err:
        return Checked(name="page checksums", outcome="not_done", says="the source was made without data checksums")
    bad = re.search(r"Bad checksums:\s+(\d+)", ended.out)
    if scanned is None or bad is None or scanned.group(1) == "0":
        return Checked(name="page checksums", outcome="not_done", says=last_words(ended, 200))
    says = f"{bad.group(1)} bad of {scanned.group(1)} blocks"
    sound = bad.group(1) == "0" and ended.code == 0
    return Checked(
        name="page checksums",
        outcome="passed" if sound else "failed",
        says=says,
        code=None if sound else "pages-damaged",
    )


def _least_settings(control: str) -> dict[str, str]:
    found = {name: re.search(rf"(?m)^{label} setting:\s+(\d+)", control) for label, name in AT_LEAST.items()}
    return {name: match.group(1) for name, match in found.items() if match}
