"""How many CPUs this workload may use: the affinity mask, cut by the tightest quota of its control groups."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.groups import own_groups
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


@source(title="usable CPUs", jobs=("health", "capacity"), quantities=("cpu.cores.usable",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """What nproc prints, or the quota where it is smaller."""
    mask = float(survey.world.host.snapshot("usable_cpus"))
    try:
        quota = own_groups(survey).cpus
    except WorldError as error:
        if error.why != "not_supported":
            raise
        quota = None
    cores, origin = (mask, "affinity mask") if quota is None or quota >= mask else (quota, "control group quota")
    yield survey.measured("cpu.cores.usable", cores, source=origin)
