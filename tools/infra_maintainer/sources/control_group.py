"""What the control groups of this process allow and how much of it is used: a container's own limits."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.groups import Groups, Level, optional, own_groups
from infra_maintainer.sources.kernel.reading import WINDOW_S, count, grown, read_kernel, uptime_s
from infra_maintainer.sources.kernel.tables import field, parse_fields
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.world.failure import WorldError

V1 = "control groups of version 1 set this limit; how much of it is used is read from version 2 only"
NO_STATEMENT = "move the host to control groups version 2"


@source(
    title="control group limits",
    jobs=("health", "capacity"),
    quantities=("cgroup.cpu.limited", "cgroup.memory.limited"),
    also=(
        "cgroup.cpu.limit",
        "cgroup.cpu.utilisation",
        "cgroup.cpu.throttled",
        "cgroup.memory.limit",
        "cgroup.memory.used",
        "cgroup.memory.oom_kills",
    ),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each level that sets a limit is a subject: any of them can be the one that holds the process back."""
    groups = own_groups(survey)
    origin = f"/proc/self/cgroup (version {groups.version})"
    cpu = [level for level in groups.levels if level.cpus is not None]
    memory = [level for level in groups.levels if level.memory is not None]
    yield survey.measured("cgroup.cpu.limited", bool(cpu), source=origin)
    yield survey.measured("cgroup.memory.limited", bool(memory), source=origin)
    for level in memory:
        yield from _memory(survey, groups, level)
    for level in cpu:
        assert level.cpus is not None
        yield survey.measured("cgroup.cpu.limit", level.cpus, subject=level.subject, source=level.folder)
    if groups.version == 1:
        for level in cpu:
            for quantity in ("cgroup.cpu.utilisation", "cgroup.cpu.throttled"):
                yield survey.missing(
                    quantity, "not_supported", V1, NO_STATEMENT, subject=level.subject, source=level.folder
                )
    elif cpu:
        yield from _cpu(survey, cpu)


def _memory(survey: Survey, groups: Groups, level: Level) -> Iterator[AnyEvidence]:
    assert level.memory is not None
    subject, folder = level.subject, level.folder
    yield survey.measured("cgroup.memory.limit", level.memory, subject=subject, source=folder)
    if groups.version == 1:
        for quantity in ("cgroup.memory.used", "cgroup.memory.oom_kills"):
            yield survey.missing(quantity, "not_supported", V1, NO_STATEMENT, subject=subject, source=folder)
        return
    used = count(read_kernel(survey, f"{folder}/memory.current").strip(), "memory.current")
    stat = parse_fields(read_kernel(survey, f"{folder}/memory.stat"), "memory.stat")
    held = max(0, used - field(stat, "inactive_file", "memory.stat"))
    yield survey.measured("cgroup.memory.used", percent(held, level.memory), subject=subject, source=folder)
    events = optional(survey, f"{folder}/memory.events")
    kills = field(parse_fields(events or "", "memory.events"), "oom_kill", "memory.events")
    yield survey.measured("cgroup.memory.oom_kills", kills, subject=subject, source=folder)


def _cpu(survey: Survey, levels: list[Level]) -> Iterator[AnyEvidence]:
    before, begun = [_counted(survey, level) for level in levels], uptime_s(survey)
    survey.world.clock.sleep(WINDOW_S)
    after, window = [_counted(survey, level) for level in levels], uptime_s(survey) - begun
    if window <= 0:
        raise WorldError("no_data", "no time passed while the group was watched", "measure on the live machine")
    for level, old, new in zip(levels, before, after, strict=True):
        assert level.cpus is not None
        origin = f"{level.folder}/cpu.stat"
        used = grown(old[0], new[0], origin) / 1e6
        yield survey.measured(
            "cgroup.cpu.utilisation",
            percent(used, window * level.cpus),
            subject=level.subject,
            stat="mean",
            window=window,
            source=origin,
        )
        periods = max(1, round(window * 1e6 / _period_us(survey, level)))
        share = min(100.0, percent(grown(old[1], new[1], origin), periods))
        yield survey.measured(
            "cgroup.cpu.throttled", share, subject=level.subject, stat="mean", n=periods, window=window, source=origin
        )


def _counted(survey: Survey, level: Level) -> tuple[int, int]:
    """CPU time used in microseconds, and the periods in which the group was throttled."""
    stat = parse_fields(read_kernel(survey, f"{level.folder}/cpu.stat"), "cpu.stat")
    return field(stat, "usage_usec", "cpu.stat"), field(stat, "nr_throttled", "cpu.stat")


def _period_us(survey: Survey, level: Level) -> int:
    return count(read_kernel(survey, f"{level.folder}/cpu.max").split()[-1], "cpu.max")
