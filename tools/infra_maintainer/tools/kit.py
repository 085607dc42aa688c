"""What every job needs: the declared system, the policy, the store, and where the world comes from."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported where they are used: a server that is only asked for its tools needs none of them
    from infra_maintainer.assess.policy import Policy
    from infra_maintainer.evidence.store import Store
    from infra_maintainer.system.system import System
    from infra_maintainer.world.world import World

Progress = Callable[[str], None]


class Kit:
    """Made once per command or server from three paths; hands out a fresh world per request."""

    def __init__(self, system: "System | None", store: "Store | None", world_folder: Path | None = None) -> None:
        self._declared = system
        self.store = store
        self.world_folder = world_folder

    @classmethod
    def from_paths(cls, config: Path | None, world: Path | None, store: "Store | None") -> "Kit":
        """Raises ConfigError, PolicyError, or ValueError for an unusable recorded world."""
        if config is None and world is None:
            return cls(None, store)
        from infra_maintainer.tools.declared import declared

        kit = cls(declared(config), store, world)
        assert kit.policy
        kit.world(1.0)
        return kit

    @cached_property
    def system(self) -> "System":
        """The declared system; an empty one when nothing is declared."""
        from infra_maintainer.system.system import System

        return self._declared or System()

    @cached_property
    def policy(self) -> "Policy":
        """The rules in force. Raises PolicyError for an override that is none."""
        from infra_maintainer.assess.policy import Policy

        return Policy(self.system.policy)

    @property
    def replays(self) -> bool:
        """Whether worlds come from a recording."""
        return self.world_folder is not None

    def world(self, time_limit_s: float) -> "World":
        """A world for one request. Raises ValueError for an unusable recorded world."""
        if self.world_folder is not None:
            from infra_maintainer.world.recorded import RecordedWorld

            return RecordedWorld(self.world_folder, time_limit_s)
        from infra_maintainer.world.world import LiveWorld

        return LiveWorld(time_limit_s)
