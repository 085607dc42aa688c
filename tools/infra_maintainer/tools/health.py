"""probe_health: what users feel, then what explains it."""

from infra_maintainer.assess.model import Report
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.tools.run import run_job
from infra_maintainer.world.world import World


def probe_health(kit: Kit, world: World, urls: list[str], progress: Progress | None = None) -> Report:
    """Health of this machine, the declared system and the addresses given. Raises ValueError for a bad address."""
    return run_job("health", kit, world, system=kit.system.with_urls(urls), progress=progress, users_first=True)
