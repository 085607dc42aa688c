"""One run of a job: gather, assess, keep. A store that fails costs the memory of the run, never the answer."""

from typing import Any

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Job, Report
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.world.world import World


def run_job(
    job: Job,
    kit: Kit,
    world: World,
    *,
    system: System | None = None,
    options: dict[str, Any] | None = None,
    progress: Progress | None = None,
    users_first: bool = False,
) -> Report:
    """Look at the system for one job and judge it by policy."""
    survey = Survey(world, system or kit.system, history=kit.store, options=options, progress=progress)
    evidence = gather(sources_for(job), survey)
    report = assess(evidence, kit.policy, job, world.clock.now(), users_first=users_first)
    return keep(report, kit)


def keep(report: Report, kit: Kit) -> Report:
    """The report, put into the store; or with a note that says what was not kept."""
    report = report.model_copy(update={"replayed": kit.replays})
    if kit.store is None:
        return report
    try:
        kit.store.keep(
            report.evidence,
            report.run,
            report.job,
            report.as_of,
            report.verdict,
            report.model_dump_json(exclude_none=True),
        )
    except StoreError as error:
        note = (
            f"This run was not kept, so its evidence ids cannot be explained later and nothing can be compared: {error}"
        )
        return report.model_copy(update={"notes": [*report.notes, note]})
    return report
