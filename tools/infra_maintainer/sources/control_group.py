"""What the control groups of this process allow and how much of it is used: a container's own limits."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.group_use import UNCOUNTED, cpu_use, memory_use
from infra_maintainer.sources.kernel.groups import Groups, Level, own_groups
from infra_maintainer.sources.kernel.reading import WINDOW_S, uptime_s
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.world.failure import WorldError


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
    if cpu:
        yield from _cpu(survey, groups, cpu)


def _memory(survey: Survey, groups: Groups, level: Level) -> Iterator[AnyEvidence]:
    assert level.memory is not None
    subject, folder = level.subject, level.folder
    yield survey.measured("cgroup.memory.limit", level.memory, subject=subject, source=folder)
    try:
        held, kills = memory_use(survey, groups.version, folder)
    except WorldError as error:
        for quantity in ("cgroup.memory.used", "cgroup.memory.oom_kills"):
            yield _unread(survey, quantity, level, error)
        return
    yield survey.measured("cgroup.memory.used", percent(held, level.memory), subject=subject, source=folder)
    yield survey.measured("cgroup.memory.oom_kills", kills, subject=subject, source=folder)


def _cpu(survey: Survey, groups: Groups, levels: list[Level]) -> Iterator[AnyEvidence]:
    try:
        before, begun = [cpu_use(survey, groups, level) for level in levels], uptime_s(survey)
        survey.world.clock.sleep(WINDOW_S)
        after, window = [cpu_use(survey, groups, level) for level in levels], uptime_s(survey) - begun
    except WorldError as error:
        for level in levels:
            for quantity in ("cgroup.cpu.utilisation", "cgroup.cpu.throttled"):
                yield _unread(survey, quantity, level, error)
        return
    for level, old, new in zip(levels, before, after, strict=True):
        periods = max(1, round(window / level.period_s))
        yield _rate(
            survey, "cgroup.cpu.utilisation", level, old.seconds, new.seconds, window * (level.cpus or 1), window
        )
        yield _rate(survey, "cgroup.cpu.throttled", level, old.throttled, new.throttled, periods, window, n=periods)


def _rate(
    survey: Survey,
    quantity: str,
    level: Level,
    old: float | None,
    new: float | None,
    whole: float,
    window: float,
    n: int | None = None,
) -> AnyEvidence:
    """Growth of a counter as a share of what it could have grown; more than all of it is the two clocks' jitter."""
    if old is None or new is None:
        return _unread(survey, quantity, level, UNCOUNTED)
    if window <= 0 or new < old:
        stuck = WorldError("no_data", "the group's counters did not go forward", "measure again on the live machine")
        return _unread(survey, quantity, level, stuck)
    share = min(100.0, percent(new - old, whole))
    origin = f"{level.folder}/cpu.stat"
    return survey.measured(quantity, share, subject=level.subject, stat="mean", n=n, window=window, source=origin)


def _unread(survey: Survey, quantity: str, level: Level, error: WorldError) -> AnyEvidence:
    """A limit whose use cannot be read is not a limit that does not exist: never not_supported."""
    why = "no_data" if error.why == "not_supported" else error.why
    detail = f"this group sets a limit, but how much of it is used cannot be read: {error.detail}"
    return survey.missing(quantity, why, detail, "read it on the host", subject=level.subject, source=level.folder)
