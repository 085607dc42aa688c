"""What a host lets people become: files that run as another user, places that others may write, sockets that listen."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from infra_maintainer.world.commands import ENVIRONMENT
from infra_maintainer.world.own_rights import others_hidden
from infra_maintainer.world.process import Output, run_bounded

_WALKED = ("/usr", "/bin", "/sbin", "/lib", "/opt", "/srv", "/home", "/root", "/var", "/tmp", "/etc")  # noqa: S108
_FIND_LIMIT_S = 12.0
_FINDS_AT_ONCE = 4  # more than cores: on a cold cache each waits for the disk most of the time
_MOST_ASKED = 500


def stat_of(path: str) -> dict[str, Any]:
    """Give mode, owner and modification time (seconds since 1970) of one path, its link not followed."""
    about = os.lstat(path)
    return {
        "mode": stat.S_IMODE(about.st_mode),
        "uid": about.st_uid,
        "gid": about.st_gid,
        "mtime": about.st_mtime,
        "link": stat.S_ISLNK(about.st_mode),
    }


def privileged_files(_: str) -> dict[str, Any]:
    """Find setuid and setgid-root programs and files with capabilities on the local file systems, with find(1).

    find lists what is executable or special; capabilities are then read per file. Folders it may not enter are counted.
    `package` is the owner by dpkg, None for a file of no package, absent where dpkg is not installed.
    """
    tops = [top for top in _WALKED if os.path.isdir(top) and not os.path.islink(top)]
    with ThreadPoolExecutor(max_workers=_FINDS_AT_ONCE) as pool:
        listed = list(pool.map(_executables_below, tops))
    found: list[dict[str, Any]] = []
    rows = [row.split(" ", 2) for each in listed for row in each.stdout.split("\0") if row.count(" ") >= 2]
    for mode, group, path in rows:
        power = _power(int(mode, 8), group, path)
        if power:
            found.append({"path": path, "power": power})
    owners = _owners([str(each["path"]) for each in found[:_MOST_ASKED]])
    if owners is not None:
        found = [{**each, "package": owners.get(str(each["path"]))} for each in found]
    return {
        "found": found,
        "looked": len(rows),
        "unreadable": sum(each.stderr.count("Permission denied") for each in listed),
    }


def _executables_below(top: str) -> Output:
    argv = ["find", top, "-xdev", "-type", "f", "-perm", "/6111", "-printf", "%m %G %p\\0"]
    return run_bounded(argv, timeout_s=_FIND_LIMIT_S, limit_bytes=64 << 20, environment=ENVIRONMENT)


def _owners(paths: list[str]) -> dict[str, str] | None:
    """The package of each path, asked in one call; None without dpkg."""
    # With merged /usr the package may own the path without /usr, or with it.
    spellings = {path: {path, re.sub(r"^/usr(?=/(?:bin|sbin|lib))", "", path), f"/usr{path}"} for path in paths}
    asked = sorted(set().union(*spellings.values())) if paths else []
    try:
        argv = ["dpkg-query", "-S", "--", *asked]
        said = run_bounded(argv, timeout_s=10, limit_bytes=4 << 20, environment=ENVIRONMENT).stdout if asked else ""
    except FileNotFoundError:
        return None
    owned = {path: package for package, _, path in (line.partition(": ") for line in said.splitlines())}
    return {path: owned[each] for path, names in spellings.items() for each in names if each in owned}


def _power(mode: int, group: str, path: str) -> str | None:
    if mode & stat.S_ISUID:
        return "setuid"
    if mode & stat.S_ISGID and group == "0":
        return "setgid root"
    try:
        return "capability" if os.getxattr(path, "security.capability", follow_symlinks=False) else None
    except OSError:
        return None  # no such attribute, the normal case


def writable_places(_: str) -> dict[str, Any]:
    """Look for what anybody may write among the places that root runs from: PATH, units, cron, profiles, ssh."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(":")
    places = [
        *path,
        "/etc/cron.d",
        "/etc/cron.daily",
        "/etc/cron.hourly",
        "/etc/cron.weekly",
        "/etc/profile.d",
        "/etc/ssh",
    ]
    places += [
        "/etc/systemd/system",
        "/usr/lib/systemd/system",
        "/etc/sudoers.d",
        "/etc/pam.d",
        "/var/spool/cron/crontabs",
    ]
    found: list[str] = []
    unreadable: list[str] = []
    looked = 0
    for place in [*places, "/etc/crontab", "/etc/profile", "/etc/passwd", "/etc/shadow", "/etc/sudoers"]:
        try:
            names = [place, *(f"{place}/{name}" for name in os.listdir(place))] if os.path.isdir(place) else [place]
        except PermissionError:
            unreadable.append(place)
            continue
        for name in names:
            try:
                about = os.lstat(name)
            except OSError:
                continue
            looked += 1
            sticky = stat.S_ISDIR(about.st_mode) and about.st_mode & stat.S_ISVTX
            if about.st_mode & stat.S_IWOTH and not stat.S_ISLNK(about.st_mode) and not sticky:
                found.append(name)
    return {"found": found, "looked": looked, "unreadable": unreadable}


def listeners(_: str) -> list[dict[str, Any]]:
    """List every listening TCP socket and bound UDP socket, with the program where the kernel lets us see it."""
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for each in psutil.net_connections(kind="inet"):
        tcp = each.type == 1
        if not each.laddr or (each.status != psutil.CONN_LISTEN if tcp else bool(each.raddr)):
            continue
        protocol = "tcp" if tcp else "udp"
        key = (protocol, each.laddr.ip, each.laddr.port)
        found[key] = {
            "protocol": protocol,
            "address": each.laddr.ip,
            "port": each.laddr.port,
            "program": _program(each.pid),
        }
    return [found[key] for key in sorted(found)]


def _program(pid: int | None) -> str | None:
    try:
        return psutil.Process(pid).name() if pid else None
    except psutil.Error:
        return None


def deleted_mappings(_: str) -> dict[str, Any]:
    """Find processes that still run a program or library whose file was replaced or removed since they started.

    `others_hidden` tells that /proc lists only some of the processes, so that the rest is not even counted.
    """
    found: list[dict[str, Any]] = []
    processes = unreadable = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        folder = Path("/proc") / name
        try:
            maps = (folder / "maps").read_text(encoding="utf-8", errors="replace")
            program = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except PermissionError:
            unreadable += 1
            continue
        except OSError:
            continue  # it ended
        processes += 1
        gone = sorted(
            set(
                re.findall(
                    r"\s(/(?:usr/|lib|bin/|sbin/)\S*(?:\.so[.\d]*|bin/[^/\s]+)) \(deleted\)$", maps, re.MULTILINE
                )
            )
        )
        if gone:
            found.append({"pid": int(name), "program": program, "files": gone[:5]})
    return {"processes": processes, "unreadable": unreadable, "others_hidden": others_hidden(), "found": found}
