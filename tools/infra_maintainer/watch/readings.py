"""What the sampler reads each time, from the kernel's own files; stdlib only, so that the process stays small.

Units and subjects are those of the vocabulary. What a machine does not have is left out: a gap, never a zero.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.evidence.watched import Reading

NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "afs", "glusterfs", "lustre")
IDLE, IOWAIT, STEAL, GUEST = 3, 4, 7, 8


class Counters(NamedTuple):
    """Totals since boot that only mean something as differences."""

    at: float
    cpu: list[int]
    swapped: int
    received: int
    sent: int


class Sampler:
    """Reads a machine; remembers the last totals. `root` relocates every file, so that a folder can stand for one."""

    def __init__(self, root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._last: Counters | None = None
        self._host = f"host:{os.uname().nodename}"

    def take(self) -> list[Reading]:
        """One reading of everything. The first call has no differences yet."""
        readings: list[Reading] = []
        for read in (self._totals, self._memory, self._load, self._pressure, self._tables, self._file_systems):
            try:
                for quantity, subject, value in read():
                    readings.append(Reading(quantity, subject, value))
            except (OSError, ValueError, IndexError, KeyError, ZeroDivisionError):
                continue  # this machine has no such file, or not in this form: a gap in that series only
        return readings

    def _text(self, path: str) -> str:
        with open(self._root / path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)

    def _totals(self) -> Iterator[tuple[str, str, float]]:
        now = self._counters()
        before, self._last = self._last, now
        if before is None:
            return
        spent = [new - old for new, old in zip(now.cpu, before.cpu, strict=True)]
        elapsed, total = now.at - before.at, sum(spent[:GUEST])  # guest time is inside user time already
        if elapsed <= 0 or total <= 0 or min(spent[:IDLE]) < 0:
            return
        yield "cpu.utilisation", self._host, 100 * (total - spent[IDLE] - spent[IOWAIT]) / total
        yield "cpu.iowait", self._host, 100 * spent[IOWAIT] / total
        yield "cpu.steal", self._host, 100 * spent[STEAL] / total
        for quantity, new, old in (
            ("swap.activity", now.swapped, before.swapped),
            ("network.received", now.received, before.received),
            ("network.sent", now.sent, before.sent),
        ):
            if new >= old:  # less than before: the counter was reset, that step has no honest rate
                yield quantity, self._host, (new - old) / elapsed

    def _counters(self) -> Counters:
        cpu = [int(part) for part in self._text("proc/stat").split("\n", 1)[0].split()[1:]]
        paging = dict(line.split() for line in self._text("proc/vmstat").splitlines())
        swapped = (int(paging["pswpin"]) + int(paging["pswpout"])) * os.sysconf("SC_PAGE_SIZE")
        received = sent = 0
        for line in self._text("proc/net/dev").splitlines()[2:]:
            name, _, figures = line.partition(":")
            if name.strip() != "lo":
                parts = figures.split()
                received, sent = received + int(parts[0]), sent + int(parts[8])
        return Counters(self._clock(), cpu, swapped, received, sent)

    def _memory(self) -> Iterator[tuple[str, str, float]]:
        lines = (line.split() for line in self._text("proc/meminfo").splitlines())
        kib = {parts[0].rstrip(":"): int(parts[1]) for parts in lines}
        yield "memory.used", self._host, 100 * (1 - kib["MemAvailable"] / kib["MemTotal"])
        yield "memory.capacity", self._host, kib["MemTotal"] * 1024

    def _load(self) -> Iterator[tuple[str, str, float]]:
        cores = len(os.sched_getaffinity(0))
        yield "load.per_core.1m", self._host, float(self._text("proc/loadavg").split()[0]) / cores
        yield "cpu.cores.usable", self._host, cores
        yield "uptime", self._host, float(self._text("proc/uptime").split()[0])

    def _pressure(self) -> Iterator[tuple[str, str, float]]:
        for resource, row, quantity in (
            ("cpu", 0, "psi.cpu.some"),
            ("memory", 1, "psi.memory.full"),
            ("io", 1, "psi.io.full"),
        ):
            figures = self._text(f"proc/pressure/{resource}").splitlines()[row].split()
            yield quantity, self._host, float(figures[3].partition("=")[2])

    def _tables(self) -> Iterator[tuple[str, str, float]]:
        used, _, most = self._text("proc/sys/fs/file-nr").split()
        yield "files.open", self._host, 100 * int(used) / int(most)
        low, high = self._text("proc/sys/net/ipv4/ip_local_port_range").split()
        sockets = dict(_pairs(self._text("proc/net/sockstat")))
        taken = sockets["inuse"] + sockets["tw"]
        yield "ports.ephemeral.used", self._host, 100 * taken / (int(high) - int(low) + 1)
        tracked = int(self._text("proc/sys/net/netfilter/nf_conntrack_count"))
        yield "conntrack.used", self._host, 100 * tracked / int(self._text("proc/sys/net/netfilter/nf_conntrack_max"))

    def _file_systems(self) -> Iterator[tuple[str, str, float]]:
        seen: set[str] = set()
        for line in sorted(self._text("proc/mounts").splitlines(), key=lambda text: len(text.split()[1])):
            device, mount, kind = line.split()[:3]
            if kind.startswith(NETWORK_FILE_SYSTEMS) or kind in ("squashfs", "iso9660") or "loop" in device:
                continue  # a network mount that hangs would hang the sampler
            if (not device.startswith("/dev/") and mount != "/") or device in seen:
                continue
            seen.add(device)
            about = os.statvfs(self._root / mount.lstrip("/"))
            used = about.f_blocks - about.f_bfree
            if used + about.f_bavail == 0:
                continue
            yield "disk.space.used", f"filesystem:{mount}", 100 * used / (used + about.f_bavail)
            yield "disk.capacity", f"filesystem:{mount}", (used + about.f_bavail) * about.f_frsize
            if about.f_files:
                inodes = about.f_files - about.f_favail
                yield "disk.inodes.used", f"filesystem:{mount}", 100 * inodes / about.f_files


def _pairs(sockstat: str) -> Iterator[tuple[str, int]]:
    for line in sockstat.splitlines():
        if line.startswith("TCP:"):
            parts = line.split()[1:]
            yield from zip(parts[::2], map(int, parts[1::2]), strict=True)
