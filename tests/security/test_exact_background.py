"""Exact ages in the background: a real process over a recorded world, its steps in the ledger, its end in any case."""

import json
import os
import signal
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest
from mcp import Client

from infra_maintainer.assess.model import Report
from infra_maintainer.evidence.store import Store
from infra_maintainer.server.build import build_server
from infra_maintainer.sources.baseline.exact_run import NAME, SILENT_AFTER, ExactRun, newest
from infra_maintainer.system.system import System
from infra_maintainer.tools.exact_ages import start
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.security import check_security_baseline
from infra_maintainer.world.recorded import RecordedWorld
from tests.requirements_link import requirement
from tests.security.made_world import NOW, MadeWorld, codes, passed, undetermined
from tests.security.test_patch_age import CHANGELOG

OFFERED = ("libexpat1=2.5.0-1+deb12u5", "expat=2.5.0-1+deb12u5")


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A host with three pending fixes, of which two have a changelog, and an empty store."""
    world = MadeWorld(tmp_path / "world")
    versions = ("2.5.0-1+deb12u1", "2.5.0-1+deb12u5")
    world.pending({"libexpat1": versions, "expat": versions, "tiny": ("1-1", "1-2")})
    for each in OFFERED:
        world.snapshot("changelog_offered", CHANGELOG, each)
    world.absent("snapshot", ["changelog_offered", "tiny=1-2"])
    for name in ("libexpat1", "expat", "tiny"):
        world.absent("snapshot", ["changelog_installed", name])
    world.write()
    return Kit(System(), Store(tmp_path / "store.db"), tmp_path / "world")


def world_of(kit: Kit) -> RecordedWorld:
    """A fresh replay of the kit's world."""
    assert kit.world_folder is not None
    return RecordedWorld(kit.world_folder)


def steps(kit: Kit) -> list[ExactRun]:
    """What the ledger holds."""
    assert kit.store is not None
    return [ExactRun.model_validate_json(line) for line in kit.store.ledger(NAME)]


def until(true: Callable[[], bool], limit_s: float = 20.0) -> None:
    """Look until it is so, for a process that is not our child's to wait for."""
    end = monotonic() + limit_s
    while not true():
        assert monotonic() < end, "it did not happen in time"
        sleep(0.02)


def quick(kit: Kit) -> Report:
    """The quick report."""
    return check_security_baseline(kit, world_of(kit), [])


@requirement("security.patching")
def test_a_process_of_its_own_dates_the_fixes_and_the_quick_report_uses_and_tells_it(kit: Kit) -> None:
    """Started, in its own session, ended by itself; two of three dated, and the quick report knows their exact age."""
    asked = check_security_baseline(kit, world_of(kit), [], exact=True, background=True)
    assert "patch_exact_run" in undetermined(asked), "under way, and the report did not wait for it"
    until(lambda: steps(kit)[-1].state != "under way")
    last = steps(kit)[-1]
    assert (last.state, last.pending, last.looked, last.dated) == ("finished", 3, 3, 2)
    report = quick(kit)
    assert "patch_exact_run" in passed(report) and "patch_age" in codes(report)
    (finding,) = [each for each in report.findings if each.code == "patch_age"]
    assert "expat 549 d" in finding.says and "libexpat1 549 d" in finding.says and "tiny" not in finding.says
    shares = [each.model_dump()["value"] for each in report.evidence if each.quantity == "patch.exact.share"]
    assert shares == [100.0]


@requirement("security.patching")
def test_while_one_is_under_way_no_second_is_started_and_the_share_is_told(kit: Kit) -> None:
    """One of three looked up a minute ago: 33.3 %, and asking again gives the same run without a process."""
    assert kit.store is not None
    at = NOW - timedelta(minutes=1)
    step = ExactRun(run="exact_1", at=at, started=at, pid=4242, pending=3, looked=1, dated=1)
    kit.store.append(NAME, at, step.model_dump_json())
    assert start(kit, world_of(kit)) == step and len(steps(kit)) == 1
    (unknown,) = [each for each in quick(kit).unknowns if each.code == "patch_exact_run"]
    assert "under way" in unknown.says and "33.3 %" in unknown.says and len(unknown.evidence) == 2


def test_a_silent_run_is_gone_and_a_new_one_may_start(kit: Kit) -> None:
    """A process killed without a word: after the silence it counts as stopped early, with the way to go on."""
    assert kit.store is not None
    at = NOW - SILENT_AFTER - timedelta(seconds=1)
    step = ExactRun(run="exact_1", at=at, started=at, pid=4242, pending=3, looked=1)
    kit.store.append(NAME, at, step.model_dump_json())
    (unknown,) = [each for each in quick(kit).unknowns if each.code == "patch_exact_run"]
    assert "stopped early" in unknown.says and "continues" in unknown.how
    begun = start(kit, world_of(kit))
    assert begun.run != "exact_1" and begun.pid
    assert psutil.Process(begun.pid).wait(20) in (0, None)
    assert steps(kit)[-1].state == "finished"


@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGTERM], ids=["its own alarm", "told to stop"])
def test_its_end_comes_by_alarm_or_signal_and_is_written_down(kit: Kit, tmp_path: Path, number: int) -> None:
    """Held up at the store with its handlers in place, then signalled: it ends, and says that it stopped early."""
    begun = start_held_up(kit, tmp_path, number)
    assert steps(kit)[-1].state == "stopped early" and steps(kit)[-1].run == begun
    assert "patch_exact_run" in undetermined(quick(kit))


def start_held_up(kit: Kit, tmp_path: Path, number: int) -> str:
    """Start a run that meets a locked store, signal it there, let the store go, wait for its end; its run id."""
    begun = start(kit, world_of(kit))
    assert begun.pid is not None and os.getsid(begun.pid) == begun.pid, "a session of its own"
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("begin immediate")
    try:
        status = Path(f"/proc/{begun.pid}/status")
        caught = 1 << (number - 1)
        until(lambda: bool(int(status.read_text().split("SigCgt:")[1].split()[0], 16) & caught))
        os.kill(begun.pid, number)
    finally:
        holder.execute("rollback")
        holder.close()
    assert psutil.Process(begun.pid).wait(20) in (128 + number, None)
    return begun.run


def test_without_a_store_there_is_no_background(kit: Kit) -> None:
    """Ages that nobody keeps would be read for nobody."""
    with pytest.raises(ValueError, match="store"):
        start(Kit(System(), None, kit.world_folder), world_of(kit))


@pytest.mark.anyio
async def test_a_call_of_the_server_starts_it_and_a_later_call_tells_its_end(kit: Kit) -> None:
    """exact = true answers at once; when the process has ended, the next call has the exact ages."""
    async with Client(build_server(kit)) as client:
        await client.call_tool("check_security_baseline", {"exact": True, "time_limit_s": 30})
        until(lambda: bool(steps(kit)) and steps(kit)[-1].state != "under way")
        result = await client.call_tool("check_security_baseline", {"time_limit_s": 30, "detail": "detailed"})
    assert "patch_exact_run" in {each["code"] for each in (result.structured_content or {})["passes"]}
    assert "549 d" in json.dumps(result.structured_content)
    assert newest([each.model_dump_json() for each in steps(kit)], NOW) is not None
