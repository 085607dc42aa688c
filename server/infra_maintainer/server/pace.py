"""How much may be asked of the server: so many calls at once, so many a minute, the same call never twice at a time."""

import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

AT_ONCE = 4
PER_MINUTE = 60
WINDOW_S = 60.0


class Pace:
    """Counts the calls of one server. A call that is too much is refused with the step that helps, never queued."""

    def __init__(
        self, at_once: int = AT_ONCE, per_minute: int = PER_MINUTE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once, self._per_minute, self._clock = at_once, per_minute, clock
        self._begun: deque[float] = deque()
        self._running: set[str] = set()

    def enter(self, tool: str, arguments: dict[str, Any]) -> str | None:
        """Begin a call, or say why not: then nothing is counted and `leave` must not be called."""
        now = self._clock()
        while self._begun and now - self._begun[0] >= WINDOW_S:
            self._begun.popleft()
        if self._key(tool, arguments) in self._running:
            return f"The same call of {tool} is still at work. Wait for its answer; asking twice probes twice."
        if len(self._running) >= self._at_once:
            return f"{self._at_once} calls are at work already. Wait for one to answer, then call {tool} again."
        if len(self._begun) >= self._per_minute:
            wait_s = WINDOW_S - (now - self._begun[0]) if self._begun else WINDOW_S
            return f"{self._per_minute} calls within a minute is the limit. Call {tool} again in {wait_s:.0f} s."
        self._begun.append(now)
        self._running.add(self._key(tool, arguments))
        return None

    def leave(self, tool: str, arguments: dict[str, Any]) -> None:
        """End a call that was entered."""
        self._running.discard(self._key(tool, arguments))

    def _key(self, tool: str, arguments: dict[str, Any]) -> str:
        return f"{tool} {json.dumps(arguments, sort_keys=True, default=str)}"
