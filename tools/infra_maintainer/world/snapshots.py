"""The psutil and statvfs readings a host can give, as plain JSON values; works on every system psutil knows."""

import ctypes
import os
import sys
from collections.abc import Callable
from typing import Any

import psutil

from infra_maintainer.world.identity_exports import keycloak_realms
from infra_maintainer.world.own_rights import identity
from infra_maintainer.world.package_changelog import installed_changelog, offered_changelog
from infra_maintainer.world.privilege_places import (
    deleted_mappings,
    listeners,
    privileged_files,
    stat_of,
    writable_places,
)
from infra_maintainer.world.secret_places import file_secrets, process_secrets, unit_secrets
from infra_maintainer.world.ssh_server import effective_sshd
from infra_maintainer.world.tree_size import deleted_open, tree_size


def _usable_cpus(_: str) -> int:
    """CPUs in this process's affinity mask (what nproc prints); all of them where there is no affinity."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def _cpu_times(_: str) -> list[dict[str, float]]:
    return [dict(times._asdict()) for times in psutil.cpu_times(percpu=True)]


def _file_systems(_: str) -> list[dict[str, str]]:
    """Mounted file systems that hold data on a device, each device once, by its shortest mount point."""
    first: dict[str, dict[str, str]] = {}
    for part in sorted(psutil.disk_partitions(all=False), key=lambda p: len(p.mountpoint)):
        if part.fstype in ("squashfs", "iso9660") or "loop" in part.device:
            continue
        first.setdefault(part.device, {"device": part.device, "mount": part.mountpoint, "type": part.fstype})
    found = list(first.values())
    if not any(each["mount"] == "/" for each in found):  # a container's root is an overlay, which has no device
        found.append({"device": "rootfs", "mount": "/", "type": "overlay"})
    return sorted(found, key=lambda each: each["mount"])


def _space(path: str) -> dict[str, int]:
    """statvfs in bytes and counts: `available` is what an unprivileged user may still use (f_bavail)."""
    about = os.statvfs(path)
    return {
        "total": about.f_blocks * about.f_frsize,
        "used": (about.f_blocks - about.f_bfree) * about.f_frsize,
        "available": about.f_bavail * about.f_frsize,
        "inodes": about.f_files,
        "inodes_free": about.f_favail,
    }


def _kernel_clock(_: str) -> dict[str, int]:
    """The kernel's own word on its clock, adjtimex(2) asked with no change (modes 0), which every user may do."""
    if not sys.platform.startswith("linux"):
        raise FileNotFoundError("adjtimex")
    answer = ctypes.create_string_buffer(512)  # struct timex is 208 bytes; status follows four longs
    state = ctypes.CDLL(None, use_errno=True).adjtimex(answer)
    if state < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    size = ctypes.sizeof(ctypes.c_long)
    return {"state": state, "status": ctypes.c_int.from_buffer(answer, 5 * size).value}


SNAPSHOTS: dict[str, Callable[[str], Any]] = {
    "boot_time": lambda _: psutil.boot_time(),
    "changelog_installed": installed_changelog,
    "changelog_offered": offered_changelog,
    "cpu_times": _cpu_times,
    "deleted_mappings": deleted_mappings,
    "deleted_open": deleted_open,
    "disk_io": lambda _: {name: dict(each._asdict()) for name, each in psutil.disk_io_counters(perdisk=True).items()},
    "file_systems": _file_systems,
    "kernel_clock": _kernel_clock,
    "identity": identity,
    "keycloak_realms": keycloak_realms,
    "listeners": listeners,
    "load_average": lambda _: list(os.getloadavg()),
    "memory": lambda _: dict(psutil.virtual_memory()._asdict()),
    "network_io": lambda _: {name: dict(each._asdict()) for name, each in psutil.net_io_counters(pernic=True).items()},
    "privileged_files": privileged_files,
    "secrets_in_files": file_secrets,
    "secrets_in_processes": process_secrets,
    "secrets_in_units": unit_secrets,
    "space": _space,
    "sshd_effective": effective_sshd,
    "stat": stat_of,
    "home": lambda _: os.path.expanduser("~"),
    "swap": lambda _: dict(psutil.swap_memory()._asdict()),
    "tree_size": tree_size,
    "usable_cpus": _usable_cpus,
    "writable_places": writable_places,
}
