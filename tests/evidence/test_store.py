"""The store under what really happens to files: two writers, kill -9, full, read-only, corrupt and locked ones."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra_maintainer.evidence.store import Store, StoreError, default_path
from tests.requirements_link import requirement
from tests.server.asking import environment

HERE = Path(__file__).parent
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def writer(store: Path, name: str, count: int) -> "subprocess.Popen[str]":
    """A real process that keeps runs and prints what is acknowledged."""
    argv = [sys.executable, str(HERE / "writer.py"), str(store), name, str(count)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment(store.parent))


def assert_all_there(store: Path, acknowledged: list[str]) -> None:
    """Each acknowledged run has its report and all its records, and the file is sound."""
    kept = Store(store)
    for line in acknowledged:
        run, *ids = line.split()
        assert json.loads(kept.report(run) or "{}") == {"run": run}
        assert set(kept.explain(ids)) == set(ids)
    with kept.open() as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)


def test_two_processes_writing_at_once_lose_nothing(tmp_path: Path) -> None:
    """Both start on a file that does not exist yet, so that they also race for its tables."""
    store = tmp_path / "store.db"
    writers = [writer(store, name, 40) for name in ("a", "b")]
    said = [child.communicate(timeout=60)[0].splitlines() for child in writers]
    assert [child.returncode for child in writers] == [0, 0]
    assert [len(lines) for lines in said] == [40, 40]
    assert_all_there(store, [*said[0], *said[1]])


def test_kill_9_in_the_middle_of_writing_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """One of two writers is killed while it writes; the other goes on."""
    store = tmp_path / "store.db"
    victim, survivor = writer(store, "victim", 100_000), writer(store, "survivor", 40)
    assert victim.stdout is not None
    acknowledged = [victim.stdout.readline() for _ in range(25)]
    victim.send_signal(signal.SIGKILL)
    rest, _ = victim.communicate(timeout=30)
    acknowledged += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    others = survivor.communicate(timeout=60)[0].splitlines()
    assert victim.returncode == -signal.SIGKILL and len(others) == 40
    assert_all_there(store, [*acknowledged, *others])


def assessed(store: Path, before: Callable[[], None] | None = None) -> tuple[int, dict[str, Any], str]:
    """`infra-maintainer health --json` as a process: exit code, report, stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "infra_maintainer.cli", "health", "--json", "--store", str(store)],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(store.parent if store.parent.is_dir() else Path("/tmp")),
        cwd="/",
        preexec_fn=before,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def assert_answered_and_told(report: dict[str, Any], *words: str) -> None:
    """The assessment is there, and a note says what was not kept and what to do."""
    assert report["coverage"]["checked"] > 0 and report["evidence"]
    (note,) = [each for each in report["notes"] if "not kept" in each]
    assert "--store" in note
    assert any(word in note for word in words), note


def full_at(size: int) -> Callable[[], None]:
    """No file may grow beyond this: what a process meets on a full disk, without needing one."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("existing", [False, True], ids=["new store", "grown store"])
def test_a_full_disk_costs_the_memory_of_the_run_never_the_answer(tmp_path: Path, existing: bool) -> None:
    """A store that cannot be made, and one that cannot grow."""
    store = tmp_path / "store.db"
    if existing:
        Store(store).append("drills", START, "{}")
    code, report, _ = assessed(store, full_at(4096))
    assert code in (1, 2)
    assert_answered_and_told(report, "free some space")


def test_the_word_of_sqlite_for_a_full_disk_is_understood(tmp_path: Path) -> None:
    """SQLITE_FULL itself, by a limit of the database's own."""
    store = Store(tmp_path / "store.db")
    with pytest.raises(StoreError, match="free some space"), store.open() as db:
        pages = db.execute("pragma page_count").fetchone()[0]
        db.execute(f"pragma max_page_count = {pages}")
        db.execute(_BIG)


_BIG = (
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) "
    "insert into samples select 'quantity', 'subject', cast(i as real), 0.0 from n"
)


@pytest.fixture
def read_only_folder() -> Generator[Path, None, None]:
    """A folder that others may look into and not write; outside pytest's own, which only its owner may enter."""
    with tempfile.TemporaryDirectory(prefix="im-ro-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_read_only_state_directory_costs_the_memory_of_the_run_never_the_answer(
    read_only_folder: Path, tmp_path: Path
) -> None:
    """As an account that may not write there (nobody, when we are root)."""
    argv = [sys.executable, str(HERE / "unprivileged.py"), str(read_only_folder / "store.db"), str(tmp_path / "w.db")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=environment(tmp_path), cwd="/")
    assert done.returncode == 0, done.stderr
    assert_answered_and_told(json.loads(done.stdout), "unable to open", "readonly", "Permission denied")
    assert list(read_only_folder.iterdir()) == []


def test_a_corrupt_file_is_told_and_left_alone(tmp_path: Path) -> None:
    """Whatever it is, it may be somebody's only copy."""
    store = tmp_path / "store.db"
    store.write_bytes(b"not a database at all " * 500)
    before = store.read_bytes()
    _, report, _ = assessed(store)
    assert_answered_and_told(report, "move the file away")
    assert store.read_bytes() == before


def test_a_damaged_page_is_a_store_error_not_a_crash(tmp_path: Path) -> None:
    """The header is fine, the inside is not."""
    store = Store(tmp_path / "store.db")
    child = writer(store.path, "a", 60)
    child.communicate(timeout=60)
    with sqlite3.connect(store.path) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    content = bytearray(store.path.read_bytes())
    content[4096 : len(content)] = os.urandom(len(content) - 4096)
    store.path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="move the file away"):
        store.report("run_a_1")


def test_a_locked_file_is_waited_for_and_then_told(tmp_path: Path) -> None:
    """Somebody holds the write lock longer than we wait."""
    store = Store(tmp_path / "store.db", lock_wait_s=0.3)
    store.append("drills", START, "{}")
    holder = sqlite3.connect(store.path, isolation_level=None)
    holder.execute("begin immediate")
    with pytest.raises(StoreError, match=r"another process held it .*--store"):
        store.append("drills", START, "{}")
    holder.execute("rollback")
    holder.close()
    store.append("drills", START, "{}")
    assert len(store.ledger("drills")) == 2


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Evidence says much about a system."""
    store = Store(tmp_path / "state" / "store.db")
    store.append("drills", START, "{}")
    assert store.path.stat().st_mode & 0o077 == 0
    assert store.path.parent.stat().st_mode & 0o077 == 0


def test_the_default_place_follows_the_user_s_state_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """XDG Base Directory, where it is set."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "infra-maintainer" / "store.db"


@requirement("honesty.evidence")
def test_a_record_changed_in_the_file_no_longer_explains_itself(tmp_path: Path) -> None:
    """The id is the content's hash: an edited value is refused, not repeated."""
    store = Store(tmp_path / "store.db")
    (line,) = writer(store.path, "a", 1).communicate(timeout=30)[0].splitlines()
    id = line.split()[1]
    with sqlite3.connect(store.path) as connection:
        connection.execute("update evidence set record = replace(record, '0.0', '1.0') where id = ?", [id])
    connection.close()
    with pytest.raises(ValueError, match="was changed after it was recorded"):
        store.explain([id])
