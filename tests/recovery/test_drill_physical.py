"""Physical backups with pgBackRest: to the end of the archive, to a moment, and to a moment out of reach."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.drill.formats.pgbackrest import parse_info, verify_verdict
from infra_maintainer.drill.target import Target
from tests.recovery.conftest import Drills, codes
from tests.recovery.source_cluster import Cluster, running_cluster, workplace


class Stanza:
    """A source whose history is known: a backup, markers, a wrong DELETE."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.config = cluster.home / "pgbackrest.conf"
        self.call("stanza-create")
        self.call("backup", "--type=full", "--repo1-bundle", "--compress-type=none")
        cluster.sql("select pg_sleep(1.1)")  # pgBackRest keeps the end of a backup in whole seconds
        self.payments_before = int(cluster.sql("select count(*) from payments"))
        self.before_delete = datetime.fromisoformat(cluster.sql("select clock_timestamp()")).astimezone(UTC)
        cluster.sql("delete from payments where id % 2 = 0")
        cluster.sql("select pg_switch_wal()")
        self.call("check")

    def call(self, *words: str, check: bool = True) -> str:
        argv = ["pgbackrest", f"--config={self.config}", "--stanza=demo", *words]
        return self.cluster.run(*argv, check=check).stdout

    def target(self, **more: object) -> Target:
        fixed = {
            "name": "demo",
            "kind": "pgbackrest",
            "place": str(self.config),
            "stanza": "demo",
            "database": "orders",
        }
        return Target.model_validate({**fixed, "tables": ("public.payments",), **more})


@pytest.fixture(scope="module")
def stanza(cluster: Cluster) -> Iterator[Stanza]:
    """A second source of its own: its rows are deleted."""
    with workplace() as home:
        (home / "pitr").mkdir()
        with running_cluster(home / "pitr", cluster.bin) as source:
            yield Stanza(source)


def test_a_restore_to_the_end_of_the_archive_holds_the_wrong_delete(stanza: Stanza, drills: Drills) -> None:
    """The newest state is what a plain restore gives, faults of users included."""
    record = drills.run(stanza.target())
    assert record.result == "passed", record.issues
    assert record.rows["public.payments"] == int(stanza.cluster.sql("select count(*) from payments"))
    assert any(check.name == "page checksums" and check.outcome == "passed" for check in record.checks)


def test_a_restore_to_the_moment_before_a_wrong_delete_brings_the_rows_back(stanza: Stanza, drills: Drills) -> None:
    """Point in time: every deleted row is there again."""
    record = drills.run(stanza.target(target_time=stanza.before_delete))
    assert record.result == "passed", record.issues
    assert record.rows["public.payments"] == stanza.payments_before
    assert "replay" in record.phases


def test_a_target_after_the_last_archived_commit_is_a_failure(stanza: Stanza, drills: Drills) -> None:
    """The server starts and accepts connections first; only leaving recovery proves that the target was reached."""
    record = drills.run(stanza.target(target_time=datetime.now(UTC) + timedelta(hours=1)))
    assert record.result == "failed"
    assert codes(record) <= {"target-not-reached", "scratch-start-failed"}
    assert "before configured recovery target was reached" in record.issues[0].detail


def test_a_flipped_byte_in_the_backup_is_seen_by_verify_and_by_the_drill_and_not_by_info(
    stanza: Stanza, drills: Drills
) -> None:
    """`info` says ok and `verify` ends with 0: only its words and the restore tell."""
    whole = stanza.call("verify", "--output=text", "--verbose")
    assert verify_verdict(whole, "") == "sound", whole
    bundle = max((stanza.cluster.home / "pgbackrest/backup").rglob("bundle/*"), key=lambda path: path.stat().st_size)
    original = bundle.read_bytes()
    bundle.write_bytes(
        original[: len(original) // 2]
        + bytes([original[len(original) // 2] ^ 0xFF])
        + original[len(original) // 2 + 1 :]
    )
    try:
        assert verify_verdict(stanza.call("verify", "--output=text"), "") == "damaged"
        assert parse_info(stanza.call("info", "--output=json"), "demo").status_code == 0
        assert codes(drills.run(stanza.target())) == {"restore-failed"}
    finally:
        bundle.write_bytes(original)


def test_a_physical_copy_damaged_on_purpose_fails_its_drill(stanza: Stanza, drills: Drills) -> None:
    """The canary: page checksums find what neither rows nor indexes of this database show."""
    record = drills.run(stanza.target(canary=True))
    assert (record.result, record.counts) == ("failed", False)


def test_the_repository_is_the_same_after_a_drill(stanza: Stanza, drills: Drills) -> None:
    """Names, sizes, times and content of every file: the drill only reads."""
    before = fingerprint(stanza.cluster.home / "pgbackrest")
    drills.run(stanza.target())
    assert fingerprint(stanza.cluster.home / "pgbackrest") == before


def fingerprint(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Each file by size, time of change, and a hash of its content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        about = os.lstat(path)
        content = hash(path.read_bytes()) if path.is_file() else 0
        found[str(path)] = (about.st_size, about.st_mtime_ns, content)
    return found
