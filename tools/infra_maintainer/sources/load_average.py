"""Load averages against the machine's CPUs: the kernel counts tasks of the whole machine, so its CPUs divide."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.processors import LOAD, STAT, parse_load, parse_stat
from infra_maintainer.sources.kernel.reading import read_kernel
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey


@source(
    title="load average",
    jobs=("health", "capacity"),
    quantities=("load.per_core", "load.per_core.1m", "cpu.cores.machine"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Load per CPU over fifteen minutes and over one."""
    cores = len(parse_stat(read_kernel(survey, STAT)))
    yield survey.measured("cpu.cores.machine", cores, source=STAT)
    one, _, fifteen = parse_load(read_kernel(survey, LOAD))
    origin = f"{LOAD} over the CPUs of {STAT}"
    yield survey.measured("load.per_core", fifteen / cores, stat="mean", window=900, source=origin)
    yield survey.measured("load.per_core.1m", one / cores, stat="mean", window=60, source=origin)
