"""Large logs are read by processes of their own, which changes nothing in what is counted and leaves nothing behind."""

import gzip
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from infra_maintainer.logs import engine as engine_module
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.find import Chosen, summary_of_files
from infra_maintainer.logs.json_lines import CADDY
from infra_maintainer.logs.scratch import sweep
from infra_maintainer.logs.summary import LogSummary, summarise
from infra_maintainer.logs.wanted import Wanted
from infra_maintainer.logs.worker import Setup, Worker
from infra_maintainer.world.failure import WorldError
from tests.logs.logbook import UPSTREAM_FORMAT, Hit, mixed_hits, write

GOOD = Hit("/a").line().encode()


@pytest.fixture(autouse=True)
def always_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The logs of these tests are too small to be worth a process."""
    monkeypatch.setattr(engine_module, "_WORTH_A_PROCESS_BYTES", 0)


def children_of(pid: int) -> set[int]:
    """The processes that one has started and that still exist."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        found |= {int(child) for child in (task / "children").read_text().split()}
    return found


def children() -> set[int]:
    """Those of this process."""
    return children_of(os.getpid())


def runs(process: Path) -> bool:
    """Whether it exists and is more than a name that nobody has asked for."""
    try:
        return ") Z " not in (process / "stat").read_text()
    except FileNotFoundError:
        return False


def summary_of(*paths: Path, block_bytes: int) -> LogSummary:
    """Read and summarise."""
    with LogEngine(UPSTREAM_FORMAT, block_bytes) as engine:
        engine.read(list(paths))
        return summarise(engine, ["log"], assumed=False)


def test_processes_count_the_same_as_one_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure, with lists, refused lines and a compressed file among them: clients met by both are one client."""
    plain = write(tmp_path / "a.log", mixed_hits(3_000))
    with plain.open("ab") as log:
        log.write(b"nothing\n" * 5 + GOOD[:30])
    packed = tmp_path / "b.log.gz"
    packed.write_bytes(gzip.compress(b"".join(hit.line().encode() + b"\n" for hit in mixed_hits(2_000, seed=2))))
    several = summary_of(plain, packed, block_bytes=40_000)
    monkeypatch.setattr(engine_module, "_WORTH_A_PROCESS_BYTES", 1 << 40)
    alone = summary_of(plain, packed, block_bytes=1 << 20)
    assert several == alone
    assert (several.parsed, several.refused, several.unfinished) == (5_000, {"other_format": 5}, 1)


def test_examples_of_refused_lines_are_the_first_ones(tmp_path: Path) -> None:
    """Whichever process is faster."""
    lines = [(b"bad %d" % number if number % 50 == 7 else GOOD) for number in range(3_000)]
    (tmp_path / "a.log").write_bytes(b"\n".join(lines) + b"\n")
    with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
        assert engine.read([tmp_path / "a.log"]).examples == {"other_format": ["bad 7", "bad 57", "bad 107"]}


def test_a_file_that_is_replaced_meanwhile_is_read_as_it_was_opened(tmp_path: Path) -> None:
    """Rotation renames the log and starts another of its name while the processes still read."""
    path = write(tmp_path / "a.log", [Hit("/old")] * 2_000)

    def rotate() -> bool:
        if not (tmp_path / "a.log.1").exists():
            path.rename(tmp_path / "a.log.1")
            write(path, [Hit("/new")] * 2_000)
        return True

    with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
        engine.read([path], rotate)
        assert engine.counts().execute("SELECT DISTINCT route FROM tally").fetchall() == [("GET /old",)]


def test_a_file_that_becomes_shorter_is_told(tmp_path: Path) -> None:
    """`copytruncate` empties the log while it is read: what was read counts, the rest is a problem and no silence."""
    path = write(tmp_path / "a.log", [Hit("/a")] * 2_000)
    asked = iter(range(100))

    def shorten() -> bool:
        if next(asked) == 3:
            os.truncate(path, 0)
        return True

    with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
        lines = engine.read([path], shorten)
    assert 0 < lines.parsed < 2_000
    assert "a.log: became shorter while it was read" in lines.problems


def test_reading_stops_when_told_in_a_compressed_file_too(tmp_path: Path) -> None:
    """Between two blocks of one stream: what was counted stays."""
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress((GOOD + b"\n") * 5_000))
    answers = iter([True, True, False])
    with LogEngine(UPSTREAM_FORMAT, 50_000) as engine:
        lines = engine.read([path], lambda: next(answers, False))
        counted = engine.counts().execute("SELECT sum(n)::BIGINT FROM tally").fetchone()
    assert lines.stopped_early and 0 < lines.parsed < 5_000
    assert counted == (lines.parsed,)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process after the reading, no file after the end."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = children()
    path = write(tmp_path / "a.log", mixed_hits(500))
    with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
        engine.read([path])
        assert children() == before
        assert list(scratch.glob("*/tally-*"))
    assert not list(scratch.iterdir())


def test_a_process_that_is_killed_is_no_short_log(tmp_path: Path) -> None:
    """As a machine without memory does it: the source says so, and gives no figures of the half that was read."""
    path = write(tmp_path / "a.log", mixed_hits(4_000))
    before = children()
    killed: list[int] = []

    def kill_one() -> bool:
        if not killed and (started := children() - before):
            killed.append(min(started))
            os.kill(killed[0], signal.SIGKILL)
        return True

    with pytest.raises(WorldError, match="ended by SIGKILL") as refused:
        summary_of_files([path], Chosen(UPSTREAM_FORMAT, assumed=False), kill_one)
    assert killed and refused.value.why == "error"
    assert children() == before


def test_more_routes_than_memory_is_told_and_no_fault_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths made of words that nobody can fold: a reason and a next step instead of a crash."""
    monkeypatch.setattr(engine_module, "MEMORY_LIMIT", "8MB")
    path = write(
        tmp_path / "a.log",
        [Hit(f"/{'x' * (number % 40)}-{chr(97 + number % 26)}", ms=number) for number in range(60_000)],
    )
    with pytest.raises(WorldError, match="more different routes or clients") as refused:
        summary_of_files([path], Chosen(UPSTREAM_FORMAT, assumed=False), lambda: True)
    assert "fewer of the rotated files" in refused.value.how


def test_an_error_of_ours_in_a_process_is_named_as_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback of the other process comes here: no verdict about the log hides it."""
    monkeypatch.setattr(random, "getrandbits", int.__neg__)
    with LogEngine(UPSTREAM_FORMAT) as engine:
        with pytest.raises(RuntimeError, match="the reader of the log failed:\nTraceback"):
            engine.read([write(tmp_path / "a.log", [Hit("/a")])])


def test_the_processes_end_when_this_one_is_interrupted(tmp_path: Path) -> None:
    """An interrupt between two blocks: the others stop at once, not at the end of the log."""
    path = write(tmp_path / "a.log", mixed_hits(3_000))
    before = children()

    def interrupt() -> bool:
        raise KeyboardInterrupt

    with LogEngine(UPSTREAM_FORMAT, 20_000) as engine, pytest.raises(KeyboardInterrupt):
        engine.read([path], interrupt)
    assert children() == before


_READ_SLOWLY = """
import sys, time
from pathlib import Path
from infra_maintainer.logs import engine
from tests.logs.logbook import UPSTREAM_FORMAT
engine._WORTH_A_PROCESS_BYTES = 0
def slowly():
    print("reading", flush=True)
    time.sleep(0.05)
    return True
with engine.LogEngine(UPSTREAM_FORMAT, 2_000) as log:
    log.read([Path(sys.argv[1])], slowly)
"""


def test_the_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """Killed without a chance to say so: nothing goes on reading."""
    path = write(tmp_path / "a.log", mixed_hits(3_000))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    argv = [sys.executable, "-c", _READ_SLOWLY, str(path)]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as reading:
        assert reading.stdout is not None
        assert [reading.stdout.readline() for _ in range(4)] == ["reading\n"] * 4
        workers = [Path(f"/proc/{pid}") for pid in children_of(reading.pid)]
        reading.kill()
    assert len(workers) == 2
    end = time.monotonic() + 10
    while any(map(runs, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(runs, workers))
    assert not list(tmp_path.glob("infra-maintainer-logs-*")), "the last of them removes the counts"


def test_what_a_killed_process_left_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    """One that reads by itself has nobody to clean up; a living one's folder, an older product's and a link stay."""
    path = write(tmp_path / "a.log", mixed_hits(3_000))
    place = tmp_path / "scratch"
    place.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(place)}
    script = _READ_SLOWLY.replace("engine._WORTH_A_PROCESS_BYTES = 0", "")
    argv = [sys.executable, "-c", script, str(path)]

    def begun() -> "subprocess.Popen[str]":
        reading = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True)
        assert reading.stdout is not None and reading.stdout.readline() == "reading\n"
        return reading

    def folders() -> set[Path]:
        return set(place.iterdir())

    with begun() as killed:
        (left,) = folders()
        killed.kill()
    assert folders() == {left} and killed.returncode == -signal.SIGKILL
    with begun() as alive:
        (its_own,) = folders()
        assert its_own != left
        older, elsewhere = place / "infra-maintainer-logs-older", tmp_path / "elsewhere"
        older.mkdir()
        elsewhere.mkdir()
        (elsewhere / "in-use").touch()
        (place / "infra-maintainer-logs-link").symlink_to(elsewhere)
        sweep(place)
        assert folders() == {its_own, older, place / "infra-maintainer-logs-link"} and elsewhere.exists()
        alive.kill()
    sweep(place)
    assert its_own not in folders()


def test_a_process_that_ends_before_it_is_told_anything_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python that does not start, as without memory: the pipes were left to the garbage collector."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    before, wide = set(os.listdir("/proc/self/fd")), Wanted(("x" * (1 << 20),))  # more than a pipe holds
    setup = Setup(CADDY, 1 << 20, tmp_path, 1, wide)
    with pytest.raises(RuntimeError, match="the reader of the log failed"):
        Worker(setup, "0", [])
    assert set(os.listdir("/proc/self/fd")) == before
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        Worker(setup, "1", [])
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_on_two_cpus_each_process_keeps_to_its_own(tmp_path: Path) -> None:
    """Threads that take turns woken beside the other process left one CPU idle for a tenth of the time."""
    path = write(tmp_path / "a.log", mixed_hits(3_000))
    usable, before = os.sched_getaffinity(0), children()
    places: list[set[int]] = []

    def look() -> bool:
        places[:] = [os.sched_getaffinity(pid) for pid in sorted(children() - before)]
        return True

    two = set(sorted(usable)[-2:])
    os.sched_setaffinity(0, two)
    try:
        with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
            engine.read([path], look)
    finally:
        os.sched_setaffinity(0, usable)
    assert sorted(map(sorted, places)) == [[cpu] for cpu in sorted(two)]


@pytest.mark.parametrize(("usable", "places"), [({3}, [None]), ({2, 5}, [2, 5]), ({0, 1, 2, 3}, [None, None])])
def test_on_more_cpus_the_scheduler_chooses(
    monkeypatch: pytest.MonkeyPatch, usable: set[int], places: list[int | None]
) -> None:
    """Two logs read at the same time do not share two CPUs of many."""

    def affinity(_pid: int) -> set[int]:
        return usable

    monkeypatch.setattr(os, "sched_getaffinity", affinity)
    assert engine_module.places() == places


def test_a_cpu_that_is_taken_away_meanwhile_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own place makes a process faster, it does not need one."""
    monkeypatch.setattr(engine_module, "places", lambda: [9_000, 9_001])
    with LogEngine(UPSTREAM_FORMAT, 20_000) as engine:
        assert engine.read([write(tmp_path / "a.log", mixed_hits(500))]).parsed == 500


def test_json_lines_are_read_by_processes_too(tmp_path: Path) -> None:
    """Each has a database of its own to cut out members."""
    line = (
        b'{"ts": 1794268800.5, "request": {"client_ip": "10.0.0.1", "method": "GET", "uri": "/a/7?x=1"}, '
        b'"status": 200, "duration": 0.25}\n'
    )
    (tmp_path / "a.log").write_bytes(line * 4_000)
    with LogEngine(CADDY, 100_000) as engine:
        assert engine.read([tmp_path / "a.log"]).parsed == 4_000
        found = engine.counts().execute("SELECT route, us, sum(n)::BIGINT FROM tally GROUP BY ALL").fetchall()
    assert found == [("GET /a/:id", 250_000, 4_000)]
