"""One source database for all recovery tests, and the repositories that hold its backups."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_maintainer.drill.manifest_writer import backup_with_manifest
from infra_maintainer.drill.process import StopSignal
from infra_maintainer.drill.record import DrillRecord
from infra_maintainer.drill.run import run_drill
from infra_maintainer.drill.target import Limits, Target
from tests.needs import needs
from tests.recovery.source_cluster import Cluster, binaries, running_cluster, workplace

PASSWORD = "a-test-password"


@pytest.fixture(scope="session")
def work() -> Iterator[Path]:
    """A folder for the whole session that the server's user may enter."""
    with workplace() as path:
        yield path


@pytest.fixture(scope="session")
def cluster(work: Path) -> Iterator[Cluster]:
    """The living source database."""
    needs("pgbackrest")
    found = binaries()
    if found is None:
        needs("initdb", "postgresql")
    assert found is not None
    home = work / "source"
    home.mkdir()
    with running_cluster(home, found) as running:
        yield running


@pytest.fixture(scope="session")
def good_dump(cluster: Cluster, work: Path) -> Path:
    """A dump with its manifest, made the way `backup-manifest` makes it."""
    folder = work / "good"
    folder.mkdir()
    backup_with_manifest(cluster.conninfo(), folder / "orders.dump", ("public.payments.paid_at",), cluster.bin)
    return folder / "orders.dump"


@pytest.fixture(scope="session")
def key(work: Path) -> Path:
    """The password of every repository here."""
    path = work / "key"
    path.write_text(PASSWORD)
    return path


@pytest.fixture
def place(work: Path, request: pytest.FixtureRequest) -> Path:
    """A fresh folder of one test, with a short path."""
    path = work / f"t{abs(hash(request.node.nodeid)) % 10**8}"
    path.mkdir()
    return path


class Restic:
    """A restic repository and the way to put folders into it."""

    def __init__(self, path: Path, key: Path) -> None:
        self.path = path
        self.key = key

    def run(self, *words: str, inside: Path | None = None) -> None:
        argv = ["restic", "-r", str(self.path), "--password-file", str(self.key), "--no-cache", *words]
        subprocess.run(argv, check=True, capture_output=True, timeout=60, cwd=inside)

    def backup(self, folder: Path, *options: str) -> None:
        self.run("backup", "-q", str(folder), *options)


@pytest.fixture(scope="session")
def empty_restic(work: Path, key: Path) -> Path:
    """Made once: finding the cost of its key takes restic a second of computing."""
    needs("restic")
    Restic(work / "empty-restic", key).run("init", "-q")
    return work / "empty-restic"


@pytest.fixture
def restic(place: Path, key: Path, empty_restic: Path) -> Restic:
    """An empty restic repository."""
    shutil.copytree(empty_restic, place / "restic")
    return Restic(place / "restic", key)


class Borg:
    """A borg repository and the way to put folders into it."""

    def __init__(self, path: Path, key: Path, mode: str = "repokey") -> None:
        self.path = path
        self.environment = os.environ | {
            "BORG_PASSPHRASE": key.read_text(),
            "BORG_BASE_DIR": str(path.parent / "borg-base"),
        }
        self.run("init", "-e", mode, str(path))

    def run(self, *words: str) -> None:
        subprocess.run(["borg", *words], check=True, capture_output=True, timeout=60, env=self.environment)

    def backup(self, folder: Path, name: str) -> None:
        self.run("create", f"{self.path}::{name}", str(folder))


@pytest.fixture
def borg(place: Path, key: Path) -> Borg:
    """An empty encrypted borg repository."""
    needs("borg", "borgbackup")
    return Borg(place / "borg", key)


class Drills:
    """Runs drills in a scratch of its own and looks afterwards whether it is empty."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.said: list[str] = []

    def run(self, target: Target, stop: StopSignal | None = None, limits: Limits | None = None) -> DrillRecord:
        signal = stop or StopSignal()
        try:
            return run_drill(target, limits or Limits(scratch=self.scratch, seconds=60), signal, self.said.append)
        finally:
            signal.close()
            assert not list(self.scratch.iterdir()), "the drill left something behind"


@pytest.fixture
def drills(place: Path) -> Drills:
    """The way to run a drill in this test."""
    scratch = place / "scratch"
    scratch.mkdir()
    return Drills(scratch)


def codes(record: DrillRecord) -> set[str]:
    """The codes of everything the drill found wrong."""
    return {issue.code for issue in record.issues}
