"""The kernel's other counters: memory, paging, disks, network devices, open files, pressure."""

import re
from typing import NamedTuple

from infra_maintainer.sources.kernel.reading import count, garbled


class Disk(NamedTuple):
    """Counters of one block device since boot (Documentation/admin-guide/iostats)."""

    requests: int
    waited_ms: int
    busy_ms: int


class Device(NamedTuple):
    """Counters of one network device since boot, both directions added."""

    packets: int
    errors: int
    drops: int


def parse_fields(text: str, path: str) -> dict[str, int]:
    """`name value` or `name: value kB` per line (/proc/vmstat, /proc/meminfo, cgroup stat files), values as written.

    Raises WorldError(error) for a line of another form, and for no line at all.
    """
    found: dict[str, int] = {}
    for line in text.splitlines():
        parts = line.replace(":", " ", 1).split()
        if len(parts) not in (2, 3):
            raise garbled(path, line)
        found[parts[0]] = count(parts[1], path)
    if not found:
        raise garbled(path, text)
    return found


def field(fields: dict[str, int], name: str, path: str) -> int:
    """One field. Raises WorldError(error) when the file does not have it: that is not zero."""
    if name not in fields:
        raise garbled(path, f"no field {name}")
    return fields[name]


def parse_disks(text: str) -> dict[str, Disk]:
    """Block devices of /proc/diskstats. Raises WorldError(error)."""
    path = "/proc/diskstats"
    disks: dict[str, Disk] = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) < 14:
            raise garbled(path, line)
        reads, read_ms, writes, write_ms, busy = (count(parts[at], path) for at in (3, 6, 7, 10, 12))
        disks[parts[2]] = Disk(reads + writes, read_ms + write_ms, busy)
    return disks


def parse_devices(text: str) -> dict[str, Device]:
    """Network devices of /proc/net/dev. Raises WorldError(error)."""
    path = "/proc/net/dev"
    devices: dict[str, Device] = {}
    for line in text.splitlines()[2:]:
        name, colon, rest = line.partition(":")
        parts = rest.split()
        if not colon or len(parts) < 16:
            raise garbled(path, line)
        values = [count(each, path) for each in parts[:16]]
        devices[name.strip()] = Device(values[1] + values[9], values[2] + values[10], values[3] + values[11])
    if not devices:
        raise garbled(path, text)
    return devices


def parse_handles(text: str) -> tuple[int, int]:
    """Open file handles and their limit, of /proc/sys/fs/file-nr. Raises WorldError(error)."""
    path = "/proc/sys/fs/file-nr"
    parts = text.split()
    if len(parts) != 3:
        raise garbled(path, text)
    opened, free, limit = (count(part, path) for part in parts)
    if not limit or free > opened:
        raise garbled(path, text)
    return opened - free, limit


_PRESSURE = re.compile(r"avg10=\d+\.\d+ avg60=\d+\.\d+ avg300=(\d{1,3}\.\d+) total=\d+", re.ASCII)


def parse_pressure(text: str, path: str) -> dict[str, float]:
    """avg300 of the `some` and `full` lines of a pressure file, in per cent. Raises WorldError(error)."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        match = _PRESSURE.fullmatch(rest)
        if kind not in ("some", "full") or match is None or float(match[1]) > 100:
            raise garbled(path, line)
        found[kind] = float(match[1])
    if not found:
        raise garbled(path, text)
    return found
