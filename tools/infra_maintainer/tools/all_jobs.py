"""The jobs in the order of one page: users first."""

from collections.abc import Callable

from infra_maintainer.assess.model import Report
from infra_maintainer.tools.health import probe_health
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.world.world import World

JOBS: tuple[Callable[[Kit, World, list[str], Progress], Report], ...] = (probe_health,)
