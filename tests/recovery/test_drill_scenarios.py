"""Ten kinds of backup behind a green job: only the good one passes its drill, each other for its own reason.

Every scenario is made with the real programs, as the recovery reference describes.
"""

import os
import shutil
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.drill.formats.manifest import NAME, read_manifest
from infra_maintainer.drill.target import Limits, Target
from tests.needs import needs
from tests.recovery.conftest import Borg, Drills, Restic, codes
from tests.recovery.source_cluster import Cluster
from tests.requirements_link import requirement


def copy_of(dump: Path, place: Path, *, manifest: bool = True) -> Path:
    """A folder with the dump, as a nightly job leaves it."""
    folder = place / "nightly"
    folder.mkdir()
    shutil.copyfile(dump, folder / dump.name)
    if manifest:
        shutil.copyfile(dump.with_name(f"{dump.name}.{NAME}"), folder / f"{dump.name}.{NAME}")
    return folder


def target(restic: Restic, **more: object) -> Target:
    """The declared backup of a restic repository."""
    return Target.model_validate(
        {"name": "orders", "kind": "restic", "place": str(restic.path), "password_file": restic.key, **more}
    )


def in_folder(place: Path, **more: object) -> Target:
    """The declared backup of a folder of dumps."""
    return Target.model_validate({"name": "orders", "kind": "dump", "place": str(place / "nightly"), **more})


@requirement("recovery.drill", "card.run_dr_checklist")
def test_a_good_backup_comes_back_exactly_as_the_manifest_says(
    restic: Restic, good_dump: Path, place: Path, drills: Drills
) -> None:
    """Rows, hashes, keys and indexes are compared with what pg_dump's own snapshot held."""
    restic.backup(copy_of(good_dump, place))
    record = drills.run(target(restic, tables=("public.payments",), newest=("public.payments.paid_at",)))
    assert record.result == "passed", record.issues
    assert (record.completeness, record.level) == ("exact", 5)
    assert record.rows["public.payments"] == 5700
    assert record.newest["public.payments.paid_at"] is not None
    assert {"list", "fetch", "read", "contents", "initdb", "start", "restore", "validate"} <= set(record.phases)
    assert record.observed_seconds is not None and record.observed_seconds < sum(record.phases.values()) + 0.01


def test_without_a_manifest_the_same_backup_is_plausible_and_not_proven(
    good_dump: Path, place: Path, drills: Drills
) -> None:
    """A dump that restores without an error may still lack what nobody counted."""
    copy_of(good_dump, place, manifest=False)
    record = drills.run(in_folder(place))
    assert (record.result, record.completeness) == ("passed", "plausible, not proven")


def test_an_empty_dump_fails_as_empty(place: Path, drills: Drills) -> None:
    """The job's redirection made the file before the program failed."""
    folder = place / "nightly"
    folder.mkdir()
    (folder / "orders.dump").touch()
    assert codes(drills.run(in_folder(place))) == {"empty-dump"}


@pytest.mark.parametrize("manifest", [False, True])
def test_a_truncated_dump_fails_though_it_can_still_be_listed(
    good_dump: Path, place: Path, drills: Drills, manifest: bool
) -> None:
    """`pg_restore -l` accepts it with exit code 0; the restore does not, and a manifest says so even earlier."""
    folder = copy_of(good_dump, place, manifest=manifest)
    os.truncate(folder / good_dump.name, good_dump.stat().st_size * 6 // 10)
    record = drills.run(in_folder(place))
    assert record.result == "failed"
    assert "restore-errors" in codes(record)
    assert ({"dump-altered", "content-differs"} <= codes(record)) is manifest
    assert any(check.name == "table of contents" and check.outcome == "passed" for check in record.checks)


def test_tables_left_out_of_the_dump_are_missed_by_the_declared_list(
    cluster: Cluster, place: Path, drills: Drills
) -> None:
    """A partial dump restores cleanly."""
    folder = cluster.own(place)
    cluster.dump(folder / "orders.dump", "-T", "payments", "-T", "audit_log", "-T", "unpaid")
    (place / "nightly").mkdir()
    shutil.move(folder / "orders.dump", place / "nightly")
    record = drills.run(in_folder(place, tables=("public.orders", "public.payments", "public.audit_log")))
    assert codes(record) == {"missing-tables"}
    assert "public.audit_log, public.payments" in record.issues[0].detail


def test_a_table_born_after_the_dump_is_missed_by_the_living_catalogue(
    cluster: Cluster, good_dump: Path, place: Path, drills: Drills
) -> None:
    """Nobody declared it, no manifest names it: only the living database knows."""
    copy_of(good_dump, place)
    cluster.sql("create table born_later (id int)")
    try:
        record = drills.run(in_folder(place, live=cluster.conninfo()))
    finally:
        cluster.sql("drop table born_later")
    assert codes(record) == {"live-table-not-in-backup"}
    assert "public.born_later" in record.issues[0].detail


def test_an_old_dump_in_a_new_snapshot_is_told_by_its_manifest(good_dump: Path, place: Path, drills: Drills) -> None:
    """The dump job died nine days ago, the upload job did not."""
    folder = copy_of(good_dump, place)
    path = folder / f"{good_dump.name}.{NAME}"
    manifest = read_manifest(path)
    path.write_text(manifest.model_copy(update={"taken_at": manifest.taken_at - timedelta(days=9)}).model_dump_json())
    assert codes(drills.run(in_folder(place))) == {"old-dump-in-new-snapshot"}


def test_an_old_dump_without_a_manifest_is_told_by_its_own_header(good_dump: Path, place: Path, drills: Drills) -> None:
    """`Archive created at` is inside the file: touching it does not change it."""
    copy_of(good_dump, place, manifest=False)
    record = drills.run(in_folder(place, rpo_seconds=0.001))
    assert codes(record) == {"old-dump-in-new-snapshot"}


def pack_of(repository: Path) -> Path:
    """The largest pack or segment, which holds the data."""
    return max(
        (path for path in (repository / "data").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )


def flip(path: Path) -> None:
    """Invert one byte in the middle."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0xFF]))


def test_a_flipped_byte_in_a_restic_pack_fails_the_restore(
    restic: Restic, good_dump: Path, place: Path, drills: Drills
) -> None:
    """`restic check` does not read the data and still ends with exit code 0."""
    restic.backup(copy_of(good_dump, place))
    flip(pack_of(restic.path))
    restic.run("check", "--no-lock")
    assert codes(drills.run(target(restic))) == {"restore-failed"}


def test_a_deleted_pack_is_a_corrupt_repository(restic: Restic, good_dump: Path, place: Path, drills: Drills) -> None:
    """The listing still shows the snapshot."""
    restic.backup(copy_of(good_dump, place))
    pack_of(restic.path).unlink()
    assert codes(drills.run(target(restic))) == {"repo-corrupt"}


def test_a_wrong_key_is_an_unreadable_repository(restic: Restic, good_dump: Path, place: Path, drills: Drills) -> None:
    """The key that the plan names is not the key of the repository."""
    restic.backup(copy_of(good_dump, place))
    (place / "other-key").write_text("another password")
    record = drills.run(target(restic, password_file=place / "other-key"))
    assert (codes(record), record.level) == ({"repo-unreadable"}, 0)


def test_an_escrowed_key_is_the_one_the_drill_uses(
    restic: Restic, good_dump: Path, place: Path, drills: Drills, key: Path
) -> None:
    """The key on the host is lost with the host: a wrong one there must not matter, a wrong one in escrow must."""
    restic.backup(copy_of(good_dump, place))
    (place / "other-key").write_text("another password")
    with_escrow = drills.run(target(restic, password_file=place / "other-key", escrow_file=key))
    assert (with_escrow.result, with_escrow.key_from) == ("passed", "escrow")
    assert codes(drills.run(target(restic, escrow_file=place / "other-key"))) == {"repo-unreadable"}


def test_an_empty_repository_is_no_backup(restic: Restic, drills: Drills) -> None:
    """It can be opened and listed; there is nothing in it."""
    assert codes(drills.run(target(restic))) == {"no-backup"}


def test_a_snapshot_from_the_future_is_refused(restic: Restic, good_dump: Path, place: Path, drills: Drills) -> None:
    """A clock that ran ahead makes every later snapshot look older, and the newest look fresh for ever."""
    restic.backup(copy_of(good_dump, place), "--time", "2040-01-01 00:00:00")
    assert codes(drills.run(target(restic))) == {"timestamp-in-future"}


def test_no_room_says_nothing_about_the_backup(restic: Restic, good_dump: Path, place: Path, drills: Drills) -> None:
    """The record is `not_possible` with the way to make it possible, and does not count as a failed restore."""
    restic.backup(copy_of(good_dump, place))
    with small_disk(place, "256k") as disk:
        record = drills.run(target(restic), limits=Limits(scratch=disk))
        assert not list(disk.iterdir())
    assert (record.result, codes(record), record.counts) == ("not_possible", {"no-space"}, False)
    assert record.how is not None and "scratch" in record.how


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing_and_blames_nobody(
    restic: Restic, good_dump: Path, place: Path, drills: Drills
) -> None:
    """There was room for the dump, not for the server: found out while the server is being made or filled."""
    restic.backup(copy_of(good_dump, place))
    with small_disk(place, "20m") as disk:
        record = drills.run(target(restic), limits=Limits(scratch=disk))
        assert not list(disk.iterdir())
    assert (record.result, codes(record)) == ("not_possible", {"no-space"})


class small_disk:
    """A memory file system of a given size."""

    def __init__(self, place: Path, size: str) -> None:
        self.path = place / "disk"
        self.size = size

    def __enter__(self) -> Path:
        self.path.mkdir()
        options = f"size={self.size},mode=0755"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", self.path], capture_output=True)
        if done.returncode != 0:
            pytest.skip("needs leave to mount a file system (root)")
        return self.path

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", self.path], check=True)


def test_a_borg_archive_comes_back_and_a_flipped_byte_does_not(
    borg: Borg, good_dump: Path, place: Path, key: Path, drills: Drills
) -> None:
    """The same drill through another program."""
    borg.backup(copy_of(good_dump, place), "night-1")
    good = Target(name="orders", kind="borg", place=str(borg.path), password_file=key)
    assert drills.run(good).completeness == "exact"
    flip(pack_of(borg.path))
    assert codes(drills.run(good)) <= {"restore-failed", "repo-unreadable"}


def test_an_unfinished_borg_archive_is_not_taken_for_a_backup(
    borg: Borg, good_dump: Path, place: Path, key: Path, drills: Drills
) -> None:
    """borg keeps checkpoints of interrupted runs and hides them from its listing."""
    borg.backup(copy_of(good_dump, place), "night-1.checkpoint")
    record = drills.run(Target(name="orders", kind="borg", place=str(borg.path), password_file=key))
    assert codes(record) == {"no-backup"}


@requirement("recovery.integrity")
def test_a_killed_pipeline_leaves_a_dump_that_lacks_its_last_line(
    cluster: Cluster, place: Path, drills: Drills
) -> None:
    """Without pipefail the job ends with 0 and gzip's own test passes: only the trailer is missing."""
    needs("gzip")
    folder = place / "nightly"
    folder.mkdir()
    whole = cluster.run("pg_dump", "orders").stdout
    cut = subprocess.run(["gzip", "-1"], input=whole[: len(whole) * 6 // 10].encode(), capture_output=True, check=True)
    (folder / "orders.sql.gz").write_bytes(cut.stdout)
    subprocess.run(["gzip", "-t", str(folder / "orders.sql.gz")], check=True)
    assert "dump-truncated" in codes(drills.run(Target(name="orders", kind="dump", place=str(folder))))


@pytest.mark.parametrize("packed", [False, True])
def test_a_whole_text_dump_comes_back(cluster: Cluster, place: Path, drills: Drills, packed: bool) -> None:
    """Plain SQL is restored by psql, packed or not."""
    folder = place / "nightly"
    folder.mkdir()
    text = cluster.run("pg_dump", "orders").stdout.encode()
    name = "orders.sql.gz" if packed else "orders.sql"
    content = subprocess.run(["gzip"], input=text, capture_output=True, check=True).stdout if packed else text
    (folder / name).write_bytes(content)
    record = drills.run(Target(name="orders", kind="dump", place=str(folder), tables=("public.payments",)))
    assert (record.result, record.rows["public.payments"]) == ("passed", 5700), record.issues


def test_a_text_dump_that_orders_psql_about_is_not_run(cluster: Cluster, place: Path, drills: Drills) -> None:
    """A restored file is foreign text: `\\!` in it would start a program."""
    folder = place / "nightly"
    folder.mkdir()
    text = cluster.run("pg_dump", "orders").stdout
    (folder / "orders.sql").write_text(
        text.replace("SET statement_timeout", f"\\! touch {place}/ran\nSET statement_timeout", 1)
    )
    assert "dump-unsafe" in codes(drills.run(Target(name="orders", kind="dump", place=str(folder))))
    assert not (place / "ran").exists()


def test_a_dump_that_is_still_being_written_is_not_taken_for_one(
    cluster: Cluster, good_dump: Path, place: Path, drills: Drills
) -> None:
    """The file's name says so, or it changes between two looks."""
    folder = place / "nightly"
    folder.mkdir()
    shutil.copyfile(good_dump, folder / "orders.dump.part")
    assert codes(drills.run(Target(name="orders", kind="dump", place=str(folder)))) == {"no-backup"}


@requirement("recovery.last_restore")
def test_a_drill_damaged_on_purpose_fails_and_does_not_count(good_dump: Path, place: Path, drills: Drills) -> None:
    """The canary proves that the alarm works; it says nothing about the backup."""
    copy_of(good_dump, place)
    record = drills.run(in_folder(place, canary=True))
    assert (record.result, record.counts) == ("failed", False)


def test_time_and_content_of_a_drill_hold_against_doing_it_by_hand(
    cluster: Cluster, good_dump: Path, place: Path, drills: Drills
) -> None:
    """The same dump restored with pg_restore into the living server, counted with psql; time by a clock outside."""
    started = time.monotonic()
    copy_of(good_dump, place)
    record = drills.run(in_folder(place))
    outside = time.monotonic() - started
    cluster.sql("create database by_hand", "postgres")
    try:
        cluster.run("pg_restore", "--no-owner", "-d", "by_hand", str(cluster.own(place / "nightly" / good_dump.name)))
        by_hand = {name: int(cluster.sql(f"select count(*) from {name}", "by_hand")) for name in record.rows}
        newest = cluster.sql("select max(paid_at) from payments", "by_hand")
    finally:
        cluster.sql("drop database by_hand", "postgres")
    assert record.rows == by_hand
    assert datetime.fromisoformat(record.newest["public.payments.paid_at"] or "") == datetime.fromisoformat(newest)
    assert outside * 0.5 < sum(record.phases.values()) <= outside
    assert record.observed_seconds == pytest.approx(
        sum(seconds for name, seconds in record.phases.items() if name not in ("list", "check")), abs=0.01
    )
