"""Time: the live clock, the frozen clock of a recorded world, and the deadline that every reach outside obeys."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from infra_maintainer.world.failure import WorldError


class Clock(Protocol):
    """Where a world takes its time from."""

    def now(self) -> datetime:
        """The wall clock, with zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass. Raises WorldError(timeout) when the deadline comes first."""
        ...


class Deadline:
    """A time limit shared by everything that works for one request; `cancel` ends it at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._stops: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """End now: what is under way is stopped, and whoever waits or asks next gets WorldError(timeout)."""
        with self._lock:
            self._cancelled.set()
            stops = list(self._stops)
        for stop in stops:
            stop()

    @contextmanager
    def watched(self, stop: Callable[[], None]) -> Generator[None, None, None]:
        """While inside, `stop` is called when somebody cancels: it must end, from another thread, what is at work."""
        with self._lock:
            if not self._cancelled.is_set():
                self._stops.append(stop)
        try:
            yield
        finally:
            with self._lock:
                if stop in self._stops:
                    self._stops.remove(stop)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._cancelled.is_set()

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return 0.0 if self.cancelled else max(0.0, self._end - time.monotonic())

    def check(self) -> None:
        """Raise WorldError(timeout) when no time is left."""
        if self.remaining() > 0:
            return
        what = "the request was cancelled" if self.cancelled else f"the time limit of {self.seconds:g} s was reached"
        raise WorldError("timeout", what, "ask again with a longer time limit")

    def wait(self, seconds: float) -> None:
        """Sleep, but not past the end. Raises WorldError(timeout) when the end comes first."""
        self._cancelled.wait(min(seconds, self.remaining()))
        self.check()


class LiveClock:
    """The machine's own time."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep within the deadline."""
        self._deadline.wait(seconds)


class FrozenClock:
    """Time as it was when the world was recorded; sleeping moves it on without waiting."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The recorded moment: the same for every source, so that a replay gives the same evidence ids."""
        return self._start

    def monotonic(self) -> float:
        """Seconds slept so far."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Pass time without waiting."""
        with self._lock:
            self._passed += seconds

    def ahead(self, seconds: float) -> datetime:
        """The recorded moment, later by some seconds."""
        return self._start + timedelta(seconds=seconds)
