"""What a drill leaves behind when it is cancelled or killed in the middle: nothing; and what it never touches."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra_maintainer.drill.account import ordinary_account
from infra_maintainer.drill.leftovers import OWNER_FILE, PREFIX, process_start, sweep
from infra_maintainer.drill.process import StopSignal
from infra_maintainer.drill.run import run_drill
from infra_maintainer.drill.target import Limits, Target
from infra_maintainer.tools.doctor import examine
from tests.recovery.conftest import Drills, Restic, codes
from tests.recovery.test_drill_physical import fingerprint
from tests.recovery.test_drill_scenarios import copy_of, target

ROOT = Path(__file__).parents[2]
KILLED = """
import sys
from pathlib import Path
from infra_maintainer.drill.process import StopSignal
from infra_maintainer.drill.run import run_drill
from infra_maintainer.drill.target import Limits, Target
target = Target.model_validate_json(sys.argv[1])
run_drill(target, Limits(scratch=Path(sys.argv[2])), StopSignal(), lambda phase: print(phase, flush=True))
"""
PHASES = ("fetch", "initdb", "restore", "validate")


def processes_of(scratch: Path) -> list[int]:
    """Processes whose command line or working folder is in the scratch."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            where = os.readlink(entry / "cwd")
        except OSError:
            continue
        if str(scratch) in line + where and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def shared_memory() -> set[str]:
    """Identifiers of System V segments: a server that is killed outright leaves one."""
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_drill_leaves_no_process_no_cluster_no_file(good_dump: Path, place: Path, phase: str) -> None:
    """kill -9 in the named phase: the guard sees the end of its pipe and clears everything."""
    folder = copy_of(good_dump, place)
    scratch = place / "scratch"
    scratch.mkdir()
    before, memory = fingerprint(folder), shared_memory()
    declared = Target(name="orders", kind="dump", place=str(folder))
    drill = subprocess.Popen(
        [sys.executable, "-c", KILLED, declared.model_dump_json(), str(scratch)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "tools"), os.environ.get("PYTHONPATH", "")))},
    )
    assert drill.stdout is not None
    for line in drill.stdout:
        if line.strip() == phase:
            break
    guards = [pid for pid in processes_of(scratch) if pid != drill.pid]
    drill.send_signal(signal.SIGKILL)
    drill.wait()
    drill.stdout.close()
    assert guards, "the guard stands beside the drill"
    await_end_of(guards)
    assert not list(scratch.iterdir())
    assert not processes_of(scratch)
    assert shared_memory() <= memory
    assert fingerprint(folder) == before


def await_end_of(pids: list[int]) -> None:
    """Wait until each process has ended, without asking again and again."""
    import select

    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        assert poller.poll(20_000), f"process {pid} did not end"
        os.close(descriptor)


@pytest.mark.parametrize("phase", PHASES)
def test_a_cancelled_drill_ends_at_once_and_leaves_nothing(
    good_dump: Path, place: Path, drills: Drills, phase: str
) -> None:
    """The record says stopped, which neither passes nor fails the backup."""
    copy_of(good_dump, place)
    stop = StopSignal()

    def say(said: str) -> None:
        if said == phase:
            threading.Timer(0.0, stop.set).start()

    record = run_drill(
        Target(name="orders", kind="dump", place=str(place / "nightly")), Limits(scratch=drills.scratch), stop, say
    )
    stop.close()
    assert (record.result, record.counts, codes(record)) == ("stopped", False, {"stopped"})
    assert record.observed_seconds is None
    assert not list(drills.scratch.iterdir())


def test_the_time_limit_of_a_drill_stops_it(good_dump: Path, place: Path, drills: Drills) -> None:
    """A drill that never ends would hold its place for ever."""
    copy_of(good_dump, place)
    target = Target(name="orders", kind="dump", place=str(place / "nightly"))
    record = drills.run(target, limits=Limits(scratch=drills.scratch, seconds=0.3))
    assert record.result == "stopped"


def test_a_restic_repository_is_the_same_after_a_drill(
    restic: Restic, good_dump: Path, place: Path, drills: Drills
) -> None:
    """Not even a lock is written into it."""
    restic.backup(copy_of(good_dump, place))
    before = fingerprint(restic.path)
    drills.run(target(restic))
    assert fingerprint(restic.path) == before


def test_what_a_dead_drill_left_is_swept_by_the_next_and_a_living_one_is_not(place: Path) -> None:
    """The owner's process id alone is not enough: ids are used again, so its start time counts too."""
    for name, owner, started in (("dead", 2**22 - 1, "1"), ("reused", os.getpid(), "1"), ("alive", os.getpid(), None)):
        folder = place / f"{PREFIX}{name}"
        folder.mkdir()
        start = process_start(os.getpid()) if started is None else started
        (folder / OWNER_FILE).write_text(f'{{"pid": {owner}, "started": "{start}"}}')
    removed = sweep(place)
    assert sorted(path.name for path in removed) == [f"{PREFIX}dead", f"{PREFIX}reused"]
    assert (place / f"{PREFIX}alive").is_dir()


def test_a_sweep_ends_only_processes_that_stand_in_the_dead_drill_s_place(place: Path) -> None:
    """A stranger beside it, with the same program, lives on."""
    dead = place / f"{PREFIX}dead"
    dead.mkdir()
    (dead / OWNER_FILE).write_text('{"pid": 4194303, "started": "1"}')
    inside = subprocess.Popen(["sleep", "60"], cwd=dead)
    outside = subprocess.Popen(["sleep", "60"], cwd=place)
    try:
        sweep(place)
        assert inside.wait(timeout=5) in (-signal.SIGQUIT, -signal.SIGKILL)
        assert outside.poll() is None
    finally:
        for process in (inside, outside):
            process.kill()
            process.wait()


def test_the_restored_server_never_listens_on_a_network_and_is_not_root(
    good_dump: Path, place: Path, drills: Drills
) -> None:
    """Looked at from outside while it runs: sockets and user of the server's process."""
    copy_of(good_dump, place)
    seen: dict[str, object] = {}

    def look(phase: str) -> None:
        if phase == "validate":
            (server,) = [
                pid for pid in processes_of(drills.scratch) if b"/postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
            ]
            seen["uid"] = os.stat(f"/proc/{server}").st_uid
            inodes = {os.readlink(link) for link in Path(f"/proc/{server}/fd").iterdir() if link.is_symlink()}
            tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
            seen["tcp"] = [row for row in tables.splitlines()[1:] if f"socket:[{row.split()[9]}]" in inodes]
            (folder,) = drills.scratch.iterdir()
            seen["mode"] = oct(folder.stat().st_mode & 0o777)

    stop = StopSignal()
    run_drill(Target(name="o", kind="dump", place=str(place / "nightly")), Limits(scratch=drills.scratch), stop, look)
    stop.close()
    assert seen == {"uid": ordinary_account().uid, "tcp": [], "mode": "0o700"}
    assert ordinary_account().uid != 0


def test_doctor_clears_what_a_killed_drill_left(place: Path) -> None:
    """When even the guard was killed: the next run or `doctor` finds the place by its mark."""
    dead = place / f"{PREFIX}dead"
    dead.mkdir()
    (dead / OWNER_FILE).write_text('{"pid": 4194303, "started": "1"}')
    (place / "infra.toml").write_text(f'[recovery]\nscratch = "{place}"\n')
    lines, _ = examine(place / "infra.toml", place / "store.db", 2)
    assert not dead.exists()
    assert any("cleared" in line and str(dead) in line for line in lines)


def test_a_secret_that_a_program_prints_is_not_in_the_record(place: Path, drills: Drills) -> None:
    """The text of a dump comes back in the server's error message; what looks like a secret is taken out."""
    folder = place / "nightly"
    folder.mkdir()
    head = "--\n-- PostgreSQL database dump\n--\n"
    bad = "create table t (a int);\ninsert into t values ('password=hunter2-verysecret');\n"
    (folder / "orders.sql").write_text(head + bad + "-- filler\n" * 200 + "-- PostgreSQL database dump complete\n")
    record = drills.run(Target(name="orders", kind="dump", place=str(folder)))
    assert "restore-errors" in codes(record)
    assert "hunter2" not in record.model_dump_json()
    assert "[redacted" in record.model_dump_json()
