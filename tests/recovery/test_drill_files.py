"""Backups of plain files: proven against a manifest of the folder, plausible without one."""

import os
from pathlib import Path

from infra_maintainer.drill.formats.files_manifest import NAME, write_files_manifest
from infra_maintainer.drill.target import Target
from tests.recovery.conftest import Drills, Restic, codes
from tests.recovery.test_drill_scenarios import target


def uploads(place: Path) -> Path:
    """A small folder of files, a link and a folder in it."""
    folder = place / "uploads"
    (folder / "2026").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(os.urandom(5000))
    (folder / "2026" / "b.jpg").write_bytes(os.urandom(70_000))
    (folder / "link").symlink_to("a.jpg")
    return folder


def test_files_come_back_exactly_as_their_manifest_says(restic: Restic, place: Path, drills: Drills) -> None:
    """Without any database declared no server is started."""
    folder = uploads(place)
    write_files_manifest(folder)
    restic.backup(folder)
    record = drills.run(target(restic))
    assert (record.result, record.completeness, record.level) == ("passed", "exact", 5), record.issues
    assert "initdb" not in record.phases and record.observed_seconds is not None


def test_a_file_changed_or_lost_between_manifest_and_backup_is_named(
    restic: Restic, place: Path, drills: Drills
) -> None:
    """The manifest says what was meant, the copy what was got."""
    folder = uploads(place)
    write_files_manifest(folder)
    (folder / "a.jpg").write_bytes(b"other")
    (folder / "2026" / "b.jpg").unlink()
    restic.backup(folder)
    record = drills.run(target(restic))
    assert codes(record) == {"files-missing", "files-differ"}
    assert {issue.detail for issue in record.issues} == {"absent: 2026/b.jpg", "different: a.jpg"}


def test_files_without_a_manifest_are_restored_and_not_validated(restic: Restic, place: Path, drills: Drills) -> None:
    """Level 4: it does not count as the quarterly test."""
    restic.backup(uploads(place))
    record = drills.run(target(restic))
    assert (record.result, record.completeness, record.level) == ("passed", "plausible, not proven", 4)
    assert not (place / "uploads" / NAME).exists()


def test_a_declared_database_that_is_not_in_the_copy_is_missed(restic: Restic, place: Path, drills: Drills) -> None:
    """Files came back, the dump did not."""
    restic.backup(uploads(place))
    assert codes(drills.run(target(restic, database="orders"))) == {"no-dump"}


def test_a_kind_that_cannot_be_drilled_yet_is_not_possible_and_no_failure(place: Path, drills: Drills) -> None:
    """barman is listed, and restored by hand."""
    record = drills.run(Target(name="orders", kind="barman", place=str(place)))
    assert (record.result, codes(record), record.counts) == ("not_possible", {"kind-not-drilled"}, False)
