"""run_dr_checklist: would we get it back? Backups, drills, targets beside tests, single points of failure, runbooks."""

from infra_maintainer.assess.model import Report
from infra_maintainer.drill.record import DrillRecord
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.tools.run import run_job
from infra_maintainer.world.world import World

LOST = "not-recorded"


def run_dr_checklist(
    kit: Kit, world: World, urls: list[str], progress: Progress | None = None, drills: tuple[DrillRecord, ...] = ()
) -> Report:
    """Recovery of the declared backups. `drills` are those made just now, which a run without a store would not see."""
    options = {"drills": [record.model_dump_json() for record in drills]}
    report = run_job("recovery", kit, world, options=options, progress=progress)
    lost = [
        f"The drill of {r.backup} is not in the ledger: {i.detail}" for r in drills for i in r.issues if i.code == LOST
    ]
    return report.model_copy(update={"notes": [*lost, *report.notes]}) if lost else report
