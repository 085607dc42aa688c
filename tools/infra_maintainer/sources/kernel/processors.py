"""/proc/stat, the list of CPUs a process may use, and the load average."""

from typing import NamedTuple

from infra_maintainer.sources.kernel.reading import count, garbled
from infra_maintainer.world.failure import WorldError

STAT, ALLOWED, LOAD = "/proc/stat", "/proc/self/status", "/proc/loadavg"


class Ticks(NamedTuple):
    """CPU time since boot, in clock ticks. `busy` is what is neither idle nor waiting for disks; it holds `steal`."""

    busy: int
    idle: int
    iowait: int
    steal: int

    @property
    def total(self) -> int:
        """All time that passed."""
        return self.busy + self.idle + self.iowait


class Shares(NamedTuple):
    """CPU time of a window in per cent."""

    busy: float
    iowait: float
    steal: float


def parse_stat(text: str) -> dict[int, Ticks]:
    """Ticks of each CPU. Guest time is part of user time already (proc_stat(5)). Raises WorldError(error)."""
    cores: dict[int, Ticks] = {}
    for line in text.splitlines():
        name, *fields = line.split() or [""]
        if not name.startswith("cpu") or name == "cpu":
            continue
        if len(fields) < 8:
            raise garbled(STAT, line)
        user, nice, system, idle, iowait, irq, softirq, steal = (count(field, STAT) for field in fields[:8])
        cores[count(name[3:], STAT)] = Ticks(user + nice + system + irq + softirq + steal, idle, iowait, steal)
    if not cores:
        raise garbled(STAT, text)
    return cores


def shares(before: dict[int, Ticks], after: dict[int, Ticks]) -> Shares | None:
    """CPU time between two readings over the cores in both, or None when no tick passed.

    Per field, a counter that went back counts as standing still: iowait is documented to do so.
    """
    both = before.keys() & after.keys()
    busy, idle, iowait, steal = (
        sum(max(0, after[core][field] - before[core][field]) for core in both) for field in range(4)
    )
    total = busy + idle + iowait
    return Shares(busy / total * 100, iowait / total * 100, min(steal, busy) / total * 100) if total else None


def parse_allowed(text: str) -> set[int]:
    """CPU numbers of `Cpus_allowed_list` in /proc/self/status, such as "0-3,8". Raises WorldError(error)."""
    line = next((row for row in text.splitlines() if row.startswith("Cpus_allowed_list:")), "")
    allowed: set[int] = set()
    for part in line.partition(":")[2].strip().split(","):
        first, dash, last = part.partition("-")
        low = count(first, ALLOWED)
        high = count(last, ALLOWED) if dash else low
        if not low <= high < 1 << 16:
            raise garbled(ALLOWED, part)
        allowed.update(range(low, high + 1))
    return allowed


def parse_load(text: str) -> tuple[float, float, float]:
    """Load averages over 1, 5 and 15 minutes. Raises WorldError(error)."""
    fields = text.split()
    if len(fields) < 3:
        raise garbled(LOAD, text)
    return _decimal(fields[0]), _decimal(fields[1]), _decimal(fields[2])


def _decimal(text: str) -> float:
    whole, _, part = text.partition(".")
    count(whole, LOAD)
    count(part or "0", LOAD)
    return float(text)


def no_tick() -> WorldError:
    """The failure of a window in which no CPU time was counted."""
    return WorldError("no_data", f"{STAT} did not move while it was watched", "measure on the live machine")
