"""How much of its limits a control group uses, from the files of version 2 or version 1."""

from typing import NamedTuple

from infra_maintainer.sources.kernel.groups import Groups, Level
from infra_maintainer.sources.kernel.reading import count, read_kernel
from infra_maintainer.sources.kernel.tables import field, parse_fields
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

UNCOUNTED = WorldError(
    "no_data", "the CPU time of this group is not counted by itself (cpuacct has it elsewhere)", "ask on the host"
)


class CpuUse(NamedTuple):
    """CPU seconds (None where version 1 counts them in another group than it limits) and periods throttled."""

    seconds: float | None
    throttled: int


def memory_use(survey: Survey, version: int, folder: str) -> tuple[int, int]:
    """Bytes that cannot be reclaimed, and processes killed, of a group with all below it. Raises WorldError."""
    usage, inactive, events = (
        ("memory.current", "inactive_file", "memory.events")
        if version == 2
        else ("memory.usage_in_bytes", "total_inactive_file", "memory.oom_control")
    )
    used = count(read_kernel(survey, f"{folder}/{usage}").strip(), usage)
    stat = parse_fields(read_kernel(survey, f"{folder}/memory.stat"), "memory.stat")
    killed = field(parse_fields(read_kernel(survey, f"{folder}/{events}"), events), "oom_kill", events)
    return max(0, used - field(stat, inactive, "memory.stat")), killed


def cpu_use(survey: Survey, groups: Groups, level: Level) -> CpuUse:
    """What a group used of the CPU since it was made. Raises WorldError."""
    stat = parse_fields(read_kernel(survey, f"{level.folder}/cpu.stat"), "cpu.stat")
    stopped = field(stat, "nr_throttled", "cpu.stat")
    if groups.version == 2:
        return CpuUse(field(stat, "usage_usec", "cpu.stat") / 1e6, stopped)
    if groups.accounted is None:
        return CpuUse(None, stopped)
    path = f"{groups.accounted}{level.path}".rstrip("/") + "/cpuacct.usage"
    return CpuUse(count(read_kernel(survey, path).strip(), "cpuacct.usage") / 1e9, stopped)
