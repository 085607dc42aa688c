"""The sampler as a real process: small, steady, safe to kill, right."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra_maintainer.evidence.vocabulary import vocabulary
from infra_maintainer.evidence.watched import Reading, Watched
from infra_maintainer.watch.readings import Sampler

ROOT = Path(__file__).parent.parent.parent
PATHS = os.pathsep.join(str(ROOT / each) for each in ("server", "tools", "prompts", "agents", "evals"))


@contextmanager
def watching(store: Path, *more: str) -> Generator[subprocess.Popen[str], None, None]:
    """`infra-maintainer watch` once a second."""
    argv = [sys.executable, "-m", "infra_maintainer.cli", "watch", "--store", str(store), "--every", "1", *more]
    process = subprocess.Popen(
        argv, env={**os.environ, "PYTHONPATH": PATHS}, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def moments(store: Path) -> list[int]:
    """The moments of which samples are kept."""
    if not store.exists():
        return []
    db = sqlite3.connect(store, timeout=10)
    try:
        return [row[0] for row in db.execute("select distinct at from watch_raw order by at")]
    except sqlite3.OperationalError:
        return []
    finally:
        db.close()


def wait_for(store: Path, count: int) -> list[int]:
    """The kept moments once there are so many; the test's time limit ends a wait in vain."""
    end = time.monotonic() + 20
    while len(found := moments(store)) < count and time.monotonic() < end:
        time.sleep(0.1)  # another process writes the file: there is no event to await
    assert len(found) >= count
    return found


def test_it_is_small_and_loses_nothing_when_killed(tmp_path: Path) -> None:
    """Resident memory under 60 MB by the kernel's own account; after kill -9 every sample that was there is there."""
    store = tmp_path / "store.db"
    with watching(store) as process:
        wait_for(store, 3)
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident_kib = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        command = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        before = moments(store)
        process.send_signal(signal.SIGKILL)
        process.wait()
    after = moments(store)
    db = sqlite3.connect(store)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    sizes = {row[0] for row in db.execute("select count(*) from watch_raw group by at").fetchall()[1:]}
    db.close()
    assert b"infra_maintainer.watch" in command
    assert resident_kib < 60 * 1024
    assert after[: len(before)] == before
    assert len(sizes) == 1
    with watching(store, "--for", "2"):
        assert wait_for(store, len(after) + 1)[: len(after)] == after


def test_it_stops_when_asked_and_keeps_the_beat(tmp_path: Path) -> None:
    """SIGTERM ends it with 0; samples are one second apart."""
    store = tmp_path / "store.db"
    with watching(store) as process:
        wait_for(store, 4)
        process.terminate()
        assert process.wait(10) == 0
    kept = moments(store)
    assert {later - earlier for earlier, later in zip(kept, kept[1:], strict=False)} <= {1, 2}


def test_it_imports_neither_pydantic_nor_the_sdk() -> None:
    """The whole point of a process of its own."""
    heavy = "{'pydantic', 'mcp', 'numpy', 'psutil'}"
    code = f"import sys, infra_maintainer.watch.loop; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": PATHS},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_pace_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    """Once a day is no sampling; exit 4 and a sentence."""
    with watching(tmp_path / "store.db", "--every", "86400") as process:
        _, said = process.communicate(timeout=20)
    assert process.returncode == 4 and "1 to 3600 seconds" in said


def test_what_it_samples_is_in_the_vocabulary_and_agrees_with_the_kernel() -> None:
    """Two readings of this machine; memory and disk against df and /proc/meminfo read by other means."""
    sampler = Sampler()
    sampler.take()
    end = time.monotonic() + 5
    readings: list[Reading] = []
    while time.monotonic() < end and not any(each.quantity == "cpu.utilisation" for each in readings):
        readings = sampler.take()
    found = {(each.quantity, each.subject): each.value for each in readings}
    assert {quantity for quantity, _ in found} <= set(vocabulary())
    host = f"host:{os.uname().nodename}"
    assert 0 <= found["cpu.utilisation", host] <= 100
    percent = subprocess.run(["df", "--output=pcent", "/"], capture_output=True, text=True, check=True).stdout
    assert found["disk.space.used", "filesystem:/"] == pytest.approx(float(percent.split()[1].rstrip("%")), abs=1.5)
    free = subprocess.run(["free", "-b"], capture_output=True, text=True, check=True).stdout.splitlines()[1].split()
    assert found["memory.used", host] == pytest.approx(100 * (1 - int(free[6]) / int(free[1])), abs=3)


def test_counters_that_went_back_leave_a_gap_and_not_a_negative_rate(tmp_path: Path) -> None:
    """A made /proc in which the network counters restart between two readings."""
    times = iter([0.0, 60.0])
    sampler = Sampler(tmp_path, clock=lambda: next(times))
    proc(tmp_path, busy=100, idle=900, received=5000)
    sampler.take()
    proc(tmp_path, busy=160, idle=1440, received=100)
    found = {each.quantity: each.value for each in sampler.take()}
    assert found["cpu.utilisation"] == pytest.approx(10.0)
    assert "network.received" not in found
    assert found["network.sent"] == 0.0


def test_a_locked_store_is_a_gap_that_is_told(tmp_path: Path) -> None:
    """Nothing is half kept: a moment has all its rows or none."""
    tables = Watched(tmp_path / "store.db")
    with pytest.raises(sqlite3.Error):
        tables.keep(60, [Reading("cpu.utilisation", "host:a", 1.0), Reading("memory.used", "host:a", float("nan"))])
    assert tables.read("cpu.utilisation", "host:a", 0) == []
    tables.keep(120, [Reading("cpu.utilisation", "host:a", 1.0)])
    assert [row.mean for row in tables.read("cpu.utilisation", "host:a", 0)] == [1.0]
    tables.close()


def proc(root: Path, *, busy: int, idle: int, received: int) -> None:
    """The files of /proc that totals come from."""
    (root / "proc/net").mkdir(parents=True, exist_ok=True)
    (root / "proc/stat").write_text(f"cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1\n")
    (root / "proc/vmstat").write_text("pswpin 0\npswpout 0\n")
    head = "Inter-|\n face |\n"
    (root / "proc/net/dev").write_text(f"{head}  eth0: {received} 1 0 0 0 0 0 0 700 1 0 0 0 0 0 0\n")
