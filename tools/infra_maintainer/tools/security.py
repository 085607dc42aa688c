"""check_security_baseline: about fifteen precise questions, each answered by its own evidence or told as unknown."""

from infra_maintainer.assess.model import Report
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.tools.run import run_job
from infra_maintainer.world.world import World


def check_security_baseline(
    kit: Kit,
    world: World,
    urls: list[str],
    progress: Progress | None = None,
    *,
    exact: bool = False,
    background: bool = False,
) -> Report:
    """The baseline of this machine, the declared system and the addresses given. Raises ValueError for a bad address.

    Quick by default: patch ages are bounds, or exact where an earlier run remembered them. With `exact` the changelog
    of each pending security update is read, which downloads the package once and takes seconds for each. With
    `background` a process of our own reads them: this report and the next ones stay quick, tell how far it is and use
    what it has found. Raises ValueError for that without a store.
    """
    system = kit.system.with_urls(urls)
    if exact and background:
        from infra_maintainer.tools.exact_ages import start

        start(kit, world)
        exact = False
    return run_job("security", kit, world, system=system, options={"exact": exact}, progress=progress)
