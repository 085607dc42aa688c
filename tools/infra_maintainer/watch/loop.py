"""The steady pace: sample on the beat of the wall clock, roll up once an hour, survive a locked or full store."""

import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path

from infra_maintainer.evidence.watched import HOUR_S, Watched
from infra_maintainer.watch.readings import Sampler

FAILED = 3
MOST_FAILURES = 60


def watch(store: Path, every_s: int, duration_s: float | None) -> int:
    """Sample into the store until SIGTERM, SIGINT or the end of `duration_s`; gives the exit code.

    A sample that cannot be kept is a gap and is told on stderr; sixty in a row end the watch.
    """
    if not 1 <= every_s <= HOUR_S:
        print(f"infra-maintainer watch: --every {every_s}: give 1 to 3600 seconds", file=sys.stderr)
        return 4
    if not Path("/proc/stat").exists():
        print("infra-maintainer watch: needs Linux (/proc); elsewhere let Prometheus keep the history", file=sys.stderr)
        return 4
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    end = None if duration_s is None else time.monotonic() + duration_s
    sampler, failures, rolled = Sampler(), 0, 0
    sampler.take()
    kept: Watched | None = None
    while not stop.is_set() and (end is None or time.monotonic() < end):
        stop.wait(every_s - time.time() % every_s)
        if stop.is_set():
            break
        at = round(time.time())
        try:
            kept = kept or Watched(store)
            kept.keep(at, sampler.take())
            if at // HOUR_S != rolled:
                kept.roll_up(at)
                rolled = at // HOUR_S
            failures = 0
        except (OSError, sqlite3.Error) as error:
            failures += 1
            kept = None
            print(f"infra-maintainer watch: a sample was not kept ({error}): {store}", file=sys.stderr, flush=True)
            if failures >= MOST_FAILURES:
                return FAILED
    if kept is not None:
        kept.close()
    return 0
