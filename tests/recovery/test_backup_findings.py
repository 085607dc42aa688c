"""Backups behind a green job, as the checklist sees them without restoring: each bad one has its own finding."""

import os
import shutil
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.drill import drill_backups
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.recovery import run_dr_checklist
from infra_maintainer.world.recording import RecordingWorld
from infra_maintainer.world.world import LiveWorld
from tests.recovery.checklist import declared, findings, one, report_on
from tests.recovery.conftest import PASSWORD, Borg, Restic
from tests.recovery.source_cluster import Cluster
from tests.recovery.test_drill_scenarios import copy_of, flip, pack_of
from tests.requirements_link import requirement


def ago(**delta: float) -> str:
    """A time for `restic backup --time`."""
    return (datetime.now(UTC) - timedelta(**delta)).strftime("%Y-%m-%d %H:%M:%S")


def restic_toml(restic: Restic, **more: object) -> str:
    """The declaration of a restic repository."""
    return declared("orders", "restic", restic.path, password_file=str(restic.key), **more)


def changed(folder: Path, text: str) -> Path:
    """The folder with other content than before."""
    folder.mkdir(exist_ok=True)
    (folder / "note").write_text(text * 400)
    return folder


@requirement("recovery.frequency", "recovery.retention")
def test_a_nightly_backup_with_one_night_missing_is_fresh_and_has_a_gap(restic: Restic, place: Path) -> None:
    """Observed gaps count, not the schedule; the retention held is the age of the oldest copy."""
    for days, text in ((4, "a"), (3, "b"), (1, "c"), (0, "d")):
        restic.backup(changed(place / "data", text), "--time", ago(days=days, minutes=5))
    report = report_on(restic_toml(restic, retention_days=30))
    assert findings(report)["rpo_gap"] == "high"
    assert findings(report)["retention_short"] == "medium"
    assert "stale_backup" not in findings(report)
    assert "2 d" in one(report, "rpo_gap", Finding).says and "24 h" in one(report, "rpo_gap", Finding).says
    assert "4 d" in one(report, "retention_short", Finding).says


def test_a_newest_copy_ten_days_old_is_stale_and_three_equal_ones_are_frozen(restic: Restic, place: Path) -> None:
    """The job still runs and ends with 0, and keeps the same content; equal trees tell."""
    changed(place / "data", "a")
    for days in (12, 11, 10):  # from inside: a whole path would hold the time of /tmp, which others change meanwhile
        restic.run("backup", "-q", ".", "--time", ago(days=days), inside=place / "data")
    report = report_on(restic_toml(restic))
    assert findings(report)["stale_backup"] == "critical"
    assert findings(report)["content_frozen"] == "high"


def test_a_class_gives_the_promise_when_none_is_declared(restic: Restic, place: Path) -> None:
    """Critical data hourly, user data daily; configuration on change, which no clock can tell."""
    restic.backup(changed(place / "data", "a"), "--time", ago(hours=2))
    by_class = {name: report_on(restic_toml(restic, **{"class": name})) for name in ("critical", "configuration")}
    assert findings(by_class["critical"])["stale_backup"] == "critical"
    assert one(by_class["configuration"], "stale_backup", Unknown).how.startswith("declare `rpo_h`")


def test_a_copy_from_the_future_hides_no_stale_one(restic: Restic, place: Path) -> None:
    """Its age is unknown; the newest that can be dated counts."""
    restic.backup(changed(place / "data", "a"), "--time", ago(days=10))
    restic.backup(changed(place / "data", "b"), "--time", "2040-01-01 00:00:00")
    found = findings(report_on(restic_toml(restic)))
    assert (found["timestamp_in_future"], found["stale_backup"]) == ("high", "critical")


def test_a_wrong_key_and_a_deleted_pack_are_critical(restic: Restic, good_dump: Path, place: Path) -> None:
    """By the words of restic, never by its exit code alone."""
    restic.backup(copy_of(good_dump, place))
    pack_of(restic.path).unlink()
    assert findings(report_on(restic_toml(restic)))["repo_corrupt"] == "critical"
    (place / "other-key").write_text("another password")
    wrong = declared("orders", "restic", restic.path, password_file=str(place / "other-key"))
    assert findings(report_on(wrong))["repo_unreadable"] == "critical"


def test_an_integrity_check_that_passes_says_what_it_does_not_prove(
    restic: Restic, good_dump: Path, place: Path
) -> None:
    """restic's default check does not read the data: a flipped byte passes it, and the drill finds it."""
    restic.backup(copy_of(good_dump, place))
    flip(pack_of(restic.path))
    assert "only a drill does" in one(report_on(restic_toml(restic)), "repo_corrupt", Pass).says


def test_borg_without_encryption_is_named_and_a_flipped_byte_found(place: Path, key: Path, good_dump: Path) -> None:
    """borg's own check reads all data."""
    borg = Borg(place / "borg", key, mode="none")
    borg.backup(copy_of(good_dump, place), "night-1")
    toml = declared("orders", "borg", borg.path)
    assert findings(report_on(toml))["unencrypted_backup"] == "high"
    flip(pack_of(borg.path))
    assert findings(report_on(toml))["repo_corrupt"] == "critical"


def test_plain_dumps_are_unencrypted_empty_ones_empty_and_small_ones_collapsed(place: Path) -> None:
    """Sizes are compared with the median of the copies before."""
    folder = place / "nightly"
    folder.mkdir()
    for day, size in enumerate((50_000, 51_000, 52_000, 20_000, 0)):
        path = folder / f"orders-{day}.dump"
        path.write_bytes(b"PGDMP" + b"x" * size if size else b"")
        written = time.time() - (5 - day) * 3600
        os.utime(path, (written, written))
    toml = declared("orders", "dump", folder)
    found = findings(report_on(toml))
    assert (found["empty_backup"], found["size_collapsed"], found["unencrypted_backup"]) == ("critical", "high", "high")


def test_copies_on_the_disk_of_the_data_and_the_key_beside_them_are_named(restic: Restic, place: Path) -> None:
    """Everything of this test lies in one memory file system, so it is volatile too."""
    restic.backup(changed(place / "data", "a"))
    found = findings(report_on(restic_toml(restic, data_path=str(place / "data"))))
    assert found["same_disk"] == "critical"
    assert found["key_beside_repo"] == "medium"
    assert found["volatile_repository"] == "critical"


def test_where_the_data_lies_is_asked_when_it_is_not_declared(restic: Restic, place: Path) -> None:
    """Unknown is not a pass."""
    restic.backup(changed(place / "data", "a"))
    unknown = one(report_on(restic_toml(restic)), "same_disk", Unknown)
    assert isinstance(unknown, Unknown) and (unknown.could_be, "data_path" in unknown.how) == ("critical", True)


def test_a_dump_that_is_still_written_to_is_not_finished(place: Path) -> None:
    """Looked at twice while another thread appends to it."""
    folder = place / "nightly"
    folder.mkdir()
    done = threading.Event()

    def write() -> None:
        with (folder / "orders.dump").open("ab", buffering=0) as file:
            file.write(b"PGDMP")
            while not done.wait(0.05):
                file.write(b"x" * 4096)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = findings(report_on(declared("orders", "dump", folder)))
    finally:
        done.set()
        writer.join()
    assert found["backup_still_growing"] == "medium"


def test_a_cut_text_dump_is_damaged_by_its_missing_last_line(cluster: Cluster, place: Path) -> None:
    """The header holds the same words, so one line is not enough."""
    folder = place / "nightly"
    folder.mkdir()
    text = cluster.run("pg_dump", "orders").stdout
    toml = declared("orders", "dump", folder)
    (folder / "orders.sql").write_text(text)
    assert one(report_on(toml), "repo_corrupt", Pass)
    packed = subprocess.run(["gzip"], input=text[: len(text) // 2].encode(), capture_output=True, check=True).stdout
    (folder / "orders.sql").unlink()
    (folder / "orders.sql.gz").write_bytes(packed)
    assert findings(report_on(toml))["repo_corrupt"] == "critical"


def test_a_database_that_no_backup_names_is_found_on_the_living_server(cluster: Cluster, place: Path) -> None:
    """Created after the backup job was written, and never included."""
    (place / "nightly").mkdir()
    toml = declared("orders", "dump", place / "nightly", protects=["orders"], live=cluster.conninfo())
    assert "database_never_backed_up" not in findings(report_on(toml))
    cluster.sql("create database forgotten", "postgres")
    try:
        report = report_on(toml)
    finally:
        cluster.sql("drop database forgotten", "postgres")
    assert findings(report)["database_never_backed_up"] == "critical"
    assert "forgotten" in one(report, "database_never_backed_up", Finding).says


def test_declared_data_without_any_backup_is_critical() -> None:
    """On a machine with no backups at all."""
    report = report_on('[[dataset]]\nname = "orders"\nclass = "critical"\n')
    assert (report.verdict, findings(report)["data_not_backed_up"]) == ("critical", "critical")


def test_a_machine_where_nothing_is_declared_gets_a_question_and_no_accusation() -> None:
    """No finding, never healthy, and the way to tell it."""
    report = report_on("")
    assert report.findings == []
    assert report.verdict == "unknown"
    assert one(report, "nothing_declared", Unknown).says.startswith("Is there data here that must come back")


def test_a_repository_that_nobody_declared_is_mentioned_and_not_judged(good_dump: Path) -> None:
    """In one of the usual places."""
    folder = Path("/srv/infra-maintainer-test-undeclared")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("needs root: writes into /srv")
    try:
        shutil.copyfile(good_dump, folder / "orders.dump")
        report = report_on("")
        declared_too = report_on(declared("orders", "dump", folder))
    finally:
        shutil.rmtree(folder)
    unknown = one(report, "undeclared_backups", Unknown)
    assert str(folder) in unknown.says
    assert not any(str(folder) in each.says for each in declared_too.unknowns)


def test_a_recorded_world_gives_the_same_findings_elsewhere(restic: Restic, place: Path, tmp_path: Path) -> None:
    """The repository is gone when it is replayed; the password is not in the recording."""
    restic.backup(changed(place / "data", "a"), "--time", ago(days=3))
    toml = restic_toml(restic, data_path=str(place / "data"))
    world = RecordingWorld(LiveWorld(60), tmp_path / "world")
    gather(sources_for("recovery"), Survey(world, parse_system(toml)))
    world.close()
    live = findings(report_on(toml))
    shutil.rmtree(restic.path)
    kit = Kit(parse_system(toml), None, tmp_path / "world")
    replayed = run_dr_checklist(kit, kit.world(60), [])
    assert findings(replayed) == live and live["stale_backup"] == "critical"
    assert PASSWORD not in "".join(path.read_text() for path in (tmp_path / "world").iterdir() if path.is_file())
    with pytest.raises(ValueError, match="no repositories to restore from"):
        drill_backups(kit, kit.world(60), ["orders"])
