"""The jobs by name, in the order of one page: users first."""

from collections.abc import Callable

from infra_maintainer.assess.model import Job, Report
from infra_maintainer.tools.capacity import draft_capacity_plan
from infra_maintainer.tools.costs import audit_costs
from infra_maintainer.tools.health import probe_health
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.tools.recovery import run_dr_checklist
from infra_maintainer.tools.security import check_security_baseline
from infra_maintainer.world.world import World

JOBS: dict[Job, Callable[[Kit, World, list[str], Progress], Report]] = {
    "health": probe_health,
    "capacity": draft_capacity_plan,
    "costs": lambda kit, world, urls, progress: audit_costs(kit, world, None, progress),
    "security": check_security_baseline,
    "recovery": run_dr_checklist,
}


def run_one(job: Job, kit: Kit, world: World) -> Report:
    """One job by its name, with the declared addresses only. Raises KeyError for a job that is not here."""
    return JOBS[job](kit, world, [], lambda message: None)
