"""CPU time of the CPUs this process may use: busy, waiting for disks, stolen; their mean and tail over two seconds."""

from collections.abc import Iterator

from infra_maintainer.evidence.statistics import percentile
from infra_maintainer.sources.kernel.processors import (
    ALLOWED,
    STAT,
    Ticks,
    no_tick,
    parse_allowed,
    parse_stat,
    shares,
)
from infra_maintainer.sources.kernel.reading import read_kernel
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey

STEPS, STEP_S = 20, 0.1


@source(
    title="CPU time",
    jobs=("health", "capacity"),
    quantities=("cpu.utilisation", "cpu.utilisation.busiest_core", "cpu.iowait", "cpu.steal"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Shares of the whole window; the P95 is over its short steps and flagged: twenty steps are few."""
    allowed = parse_allowed(read_kernel(survey, ALLOWED))
    readings = [_ticks(survey, allowed)]
    begun = survey.world.clock.monotonic()
    for _ in range(STEPS):
        survey.world.clock.sleep(STEP_S)
        readings.append(_ticks(survey, allowed))
    window = round(survey.world.clock.monotonic() - begun, 1)
    first, last = readings[0], readings[-1]
    whole = shares(first, last)
    if whole is None:
        raise no_tick()
    steps = [
        each.busy for before, after in zip(readings, readings[1:], strict=False) if (each := shares(before, after))
    ]
    cores = [each.busy for core in last if (each := shares({core: first[core]} if core in first else {}, last))]
    n = len(steps)
    yield survey.measured("cpu.utilisation", whole.busy, stat="mean", n=n, window=window, source=STAT)
    yield survey.measured(
        "cpu.utilisation", percentile(sorted(steps), 0.95), stat="p95", n=n, window=window, source=STAT
    )
    yield survey.measured("cpu.utilisation.busiest_core", max(cores), stat="mean", n=n, window=window, source=STAT)
    yield survey.measured("cpu.iowait", whole.iowait, stat="mean", n=n, window=window, source=STAT)
    yield survey.measured("cpu.steal", whole.steal, stat="mean", n=n, window=window, source=STAT)


def _ticks(survey: Survey, allowed: set[int]) -> dict[int, Ticks]:
    cores = parse_stat(read_kernel(survey, STAT))
    return {core: ticks for core, ticks in cores.items() if core in allowed} or cores
