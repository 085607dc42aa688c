"""The one way to reach anything outside: a clock, a host, HTTP. Live here; recorded and recording are beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from infra_maintainer.world.clock import Clock, Deadline, LiveClock
from infra_maintainer.world.host import Host, LiveHost
from infra_maintainer.world.http import Http, LiveHttp

DEFAULT_TIME_LIMIT_S = 60.0


class World(Protocol):
    """What sources read from. In a `sequential` world the order of calls matters: it is being recorded or replayed."""

    sequential: bool

    @property
    def recorded_evidence(self) -> "list[dict[str, Any]] | None":
        """Evidence that this world holds ready-made instead of things to look at; None for other worlds."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def deadline(self) -> Deadline:
        """The time limit of this request."""
        ...

    @property
    def host(self) -> Host:
        """The machine."""
        ...

    @property
    def http(self) -> Http:
        """The network."""
        ...

    def engine(self, name: str, arguments: Any, ask: Callable[[], Any]) -> Any:
        """What an engine beside HTTP and commands answers: a database session, a log reader. `ask` gives plain JSON.

        `arguments` name the question on a tape and hold no secret; every failure of `ask` is a WorldError.
        """
        ...


class LiveWorld:
    """The machine this runs on and the network it sees."""

    sequential = False
    recorded_evidence: list[dict[str, Any]] | None = None

    def __init__(self, time_limit_s: float = DEFAULT_TIME_LIMIT_S, root: Path = Path("/")) -> None:
        self.deadline = Deadline(time_limit_s)
        self.clock: Clock = LiveClock(self.deadline)
        self.host: Host = LiveHost(self.deadline, root)
        self.http: Http = LiveHttp(self.deadline)

    def engine(self, name: str, arguments: Any, ask: Callable[[], Any]) -> Any:
        """Ask now."""
        self.deadline.check()
        return ask()
