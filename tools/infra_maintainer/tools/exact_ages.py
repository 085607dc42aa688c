"""The exact ages of pending fixes, read in the background: a process of our own with an end, seen by every quick run.

`python -m infra_maintainer.tools.exact_ages --store FILE --run ID --limit SECONDS [--world DIR]` is that process.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import Any

import infra_maintainer
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.evidence.store import Store
from infra_maintainer.sources.baseline.exact_run import NAME, ExactRun, newest
from infra_maintainer.sources.security_patches import collect
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.world import World

LIMIT_S = 1800
GRACE_S = 90  # the package at work when the limit comes may still take its own limit of 70 s
AGE = "patch.security.age"


def start(kit: Kit, world: World, limit_s: int = LIMIT_S) -> ExactRun:
    """Start it, unless one is under way: then that one. Raises ValueError without a store, StoreError."""
    if kit.store is None:
        raise ValueError("an exact run in the background keeps its ages in the store: ask without --no-store")
    now = world.clock.now()
    known = newest(kit.store.ledger(NAME), now)
    if known is not None and known.state == "under way":
        return known
    first = ExactRun(run=f"exact_{token_hex(4)}", at=now, started=now)
    kit.store.append(NAME, now, first.model_dump_json())
    argv = [sys.executable, "-m", __name__, "--store", str(kit.store.path.absolute()), "--run", first.run]
    argv += ["--limit", str(limit_s)]
    if kit.world_folder is not None:
        argv += ["--world", str(kit.world_folder.absolute())]
    places = [str(Path(each).parent) for each in infra_maintainer.__path__]
    # A session of its own: it outlives the terminal and the server that started it, never its own alarm.
    child = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        start_new_session=True,
    )
    threading.Thread(target=child.wait, name="exact-ages", daemon=True).start()  # a long server keeps no zombie
    return first.model_copy(update={"pid": child.pid})


_ENDINGS = (signal.SIGALRM, signal.SIGTERM)


def work(store: Store, world: World, run: str) -> ExactRun:
    """Date each pending fix and keep each age at once, so that an end at any moment loses only the one at work."""
    step = ExactRun(run=run, at=world.clock.now(), started=world.clock.now(), pid=os.getpid())
    seen: set[str] = set()
    dated: set[str] = set()
    late: set[str] = set()

    def tell(**changes: Any) -> ExactRun:
        at: datetime = world.clock.now()
        counts = {"at": at, "looked": len(seen - late), "dated": len(dated)}
        told = step.model_copy(update={**counts, **changes})
        store.append(NAME, at, told.model_dump_json())
        return told

    survey = Survey(world, System(), history=store, options={"exact": True})
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
        for each in collect(survey):
            if each.quantity == "patch.security.pending" and isinstance(each, Measured):
                step = tell(pending=int(float(each.value)))
            if not each.subject.startswith("package:"):
                continue
            if each.quantity == AGE and isinstance(each, Measured):
                store.keep_samples([each])
                dated.add(each.subject)
            if each.quantity == AGE and isinstance(each, Missing) and each.why == "timeout":
                late.add(each.subject)
            if each.subject not in seen:
                seen.add(each.subject)
                step = tell()
    except WorldError as error:
        return tell(state="stopped early", says=error.detail)
    except SystemExit:
        tell(state="stopped early", says="it was told to stop, or its time was over")
        raise
    if late:
        return tell(state="stopped early", says="its time limit was reached")
    return tell(state="finished")


def main() -> int:
    """The process: niced, and ended by its own alarm when nothing else ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--limit", type=int, required=True)
    parser.add_argument("--world", type=Path)
    options = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # until `work` can write down that it was stopped
    for each in _ENDINGS:
        signal.signal(each, _stop)
    signal.alarm(options.limit + GRACE_S)
    os.nice(10)
    work(Store(options.store), Kit(None, None, options.world).world(options.limit), options.run)
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
