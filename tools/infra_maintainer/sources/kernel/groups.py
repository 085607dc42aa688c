"""The control groups above this process: where they are, and what they allow (version 2 and version 1)."""

from collections.abc import Callable
from typing import NamedTuple

from infra_maintainer.sources.kernel.reading import count, garbled, read_kernel
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

NO_LIMIT_V1 = 1 << 62  # v1 writes "no memory limit" as the largest multiple of the page size
MOST_LEVELS = 64
Reader = Callable[[Survey, str], tuple["Quota | None", int | None]]


class Quota(NamedTuple):
    """CPUs that a group may use, and the period in which the kernel enforces it."""

    cpus: float
    period_s: float


class Level(NamedTuple):
    """One group with its folder; limits are None where it sets none."""

    path: str
    folder: str
    cpus: float | None
    memory: int | None
    period_s: float = 0.1

    @property
    def subject(self) -> str:
        """The evidence subject."""
        return f"cgroup:{self.path}"


class Groups(NamedTuple):
    """Groups from the innermost outwards. `version` says which interface binds CPU and memory."""

    version: int
    levels: list[Level]
    accounted: str | None = None  # where version 1 counts CPU time, when it is the group that the quota binds

    @property
    def cpus(self) -> float | None:
        """The tightest CPU quota of all levels."""
        return min((level.cpus for level in self.levels if level.cpus is not None), default=None)


def own_groups(survey: Survey) -> Groups:
    """The groups of this process that the kernel enforces. Raises WorldError, not_supported without control groups."""
    mounts = parse_mounts(read_kernel(survey, "/proc/self/mountinfo"))
    paths = parse_membership(read_kernel(survey, "/proc/self/cgroup"))
    if "cpu" in mounts or "memory" in mounts:
        cpu = _levels(survey, mounts["cpu"], paths.get("cpu", "/"), _v1_cpu) if "cpu" in mounts else []
        memory = _levels(survey, mounts["memory"], paths.get("memory", "/"), _v1_memory) if "memory" in mounts else []
        same = "cpuacct" in mounts and paths.get("cpuacct") == paths.get("cpu")
        return Groups(1, [*cpu, *memory], mounts["cpuacct"][1] if same else None)
    if "" not in mounts:
        raise WorldError("not_supported", "no control groups are mounted here", "nothing to do when none are used")
    return Groups(2, _levels(survey, mounts[""], paths.get("", "/"), _v2))


def parse_membership(text: str) -> dict[str, str]:
    """Path of this process per controller; the unified hierarchy is "". Raises WorldError(error)."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if not number.isdigit() or not colon or not path.startswith("/"):
            raise garbled("/proc/self/cgroup", line)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def parse_mounts(text: str) -> dict[str, tuple[str, str]]:
    """(mounted root, mount point) per controller; the unified hierarchy is "". Lines of no use are passed over."""
    found: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        left, dash, right = line.partition(" - ")
        about, kind = left.split(), right.split()
        if not dash or len(about) < 5 or len(kind) < 3 or not about[4].startswith("/"):
            continue
        if kind[0] == "cgroup2":
            found.setdefault("", (about[3], about[4]))
        elif kind[0] == "cgroup":
            for controller in {"cpu", "cpuacct", "memory"} & set(kind[2].split(",")):
                found.setdefault(controller, (about[3], about[4]))
    return found


def parse_cpu_max(text: str) -> Quota | None:
    """What cpu.max allows ("max 100000" is no limit). Raises WorldError(error)."""
    parts = text.split()
    if len(parts) != 2:
        raise garbled("cpu.max", text)
    period = count(parts[1], "cpu.max")
    if parts[0] == "max":
        return None
    quota = count(parts[0], "cpu.max")
    if not quota or not period:
        raise garbled("cpu.max", text)
    return Quota(quota / period, period / 1e6)


def parse_memory_max(text: str) -> int | None:
    """Bytes that memory.max allows ("max" is no limit). Raises WorldError(error)."""
    if text.strip() == "max":
        return None
    return count(text.strip(), "memory.max") or 1  # "0" is a limit that nothing fits into, not the absence of one


def optional(survey: Survey, path: str) -> str | None:
    """A file of a group, or None where the group has no such file (the root has no limits, a controller may be off)."""
    try:
        return survey.world.host.read(path)
    except WorldError as error:
        if error.why == "not_supported":
            return None
        raise


def _v2(survey: Survey, folder: str) -> tuple[Quota | None, int | None]:
    cpu, memory = optional(survey, f"{folder}/cpu.max"), optional(survey, f"{folder}/memory.max")
    return None if cpu is None else parse_cpu_max(cpu), None if memory is None else parse_memory_max(memory)


def _v1_cpu(survey: Survey, folder: str) -> tuple[Quota | None, int | None]:
    quota, period = optional(survey, f"{folder}/cpu.cfs_quota_us"), optional(survey, f"{folder}/cpu.cfs_period_us")
    if quota is None or period is None or quota.strip() == "-1":
        return None, None
    return parse_cpu_max(f"{quota.strip()} {period.strip()}"), None


def _v1_memory(survey: Survey, folder: str) -> tuple[Quota | None, int | None]:
    text = optional(survey, f"{folder}/memory.limit_in_bytes")
    limit = None if text is None else parse_memory_max(text)
    return None, limit if limit is not None and limit < NO_LIMIT_V1 else None


def _levels(survey: Survey, mount: tuple[str, str], path: str, read: Reader) -> list[Level]:
    """Every group from the process's own up to the mounted root.

    A container often sees only its own group mounted at the root: `path` is cut by what is mounted.
    """
    root, point = mount
    inside = path if root == "/" else path.removeprefix(root)
    if ".." in inside.split("/"):
        raise WorldError(
            "not_supported", "the control group of this process lies outside what can be seen", "ask on the host"
        )
    names = [name for name in inside.split("/") if name][:MOST_LEVELS]
    if names and not _exists(survey, f"{point}/{'/'.join(names)}"):
        names = []  # v1 without a group namespace: the path is the host's, the mount is our own group
    found: list[Level] = []
    for depth in range(len(names), -1, -1):
        below = "/".join(names[:depth])
        folder = f"{point}/{below}".rstrip("/")
        quota, memory = read(survey, folder)
        found.append(
            Level(f"/{below}", folder, quota.cpus if quota else None, memory, quota.period_s if quota else 0.1)
        )
    return found


def _exists(survey: Survey, folder: str) -> bool:
    try:
        survey.world.host.list(folder)
    except WorldError as error:
        if error.why == "not_supported":
            return False
        raise
    return True
