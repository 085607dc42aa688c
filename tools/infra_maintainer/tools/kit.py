"""What every job needs: the declared system, the policy, the store, and where the world comes from."""

from collections.abc import Callable
from pathlib import Path

from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.store import Store
from infra_maintainer.system.load import load_system
from infra_maintainer.system.system import System
from infra_maintainer.world.recorded import RecordedWorld
from infra_maintainer.world.world import LiveWorld, World

Progress = Callable[[str], None]


class Kit:
    """Made once per command or server from three paths; hands out a fresh world per request."""

    def __init__(self, system: System, store: Store | None, world_folder: Path | None = None) -> None:
        self.system = system
        self.policy = Policy(system.policy)
        self.store = store
        self._world_folder = world_folder

    @classmethod
    def from_paths(cls, config: Path | None, world: Path | None, store: Store | None) -> "Kit":
        """Raises ConfigError, PolicyError, or ValueError for an unusable recorded world."""
        kit = cls(load_system(config), store, world)
        kit.world(1.0)
        return kit

    @property
    def replays(self) -> bool:
        """Whether worlds come from a recording."""
        return self._world_folder is not None

    def world(self, time_limit_s: float) -> World:
        """A world for one request. Raises ValueError for an unusable recorded world."""
        if self._world_folder is not None:
            return RecordedWorld(self._world_folder, time_limit_s)
        return LiveWorld(time_limit_s)
