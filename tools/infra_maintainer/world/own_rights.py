"""What this process may see of others: its user, its capabilities, and whether /proc leaves other processes out."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# capabilities(7): the ones that a look at other people's processes, files and packet filters takes.
CAPABILITIES = {"CAP_DAC_READ_SEARCH": 2, "CAP_NET_ADMIN": 12, "CAP_SYS_PTRACE": 19}
_MOUNTED_PROC = re.compile(r"^(?:\S+ ){4}/proc .*? - proc \S+ (?P<options>\S+)$", re.MULTILINE)


def identity(_: str) -> dict[str, Any]:
    """Say as whom this process looks, and with which capabilities; None where the system has none."""
    return {"euid": os.geteuid(), "capabilities": _capabilities()}


def others_hidden() -> bool:
    """Whether /proc is mounted so that it lists only the processes this one may look into (hidepid of proc(5))."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    return hides_others(mounts, [os.getegid(), *os.getgroups()], _capabilities() or [])


def hides_others(mountinfo: str, groups: Iterable[int], capabilities: Iterable[str]) -> bool:
    """The same of a text of mountinfo. The mount on top counts; its group, root's when it names none, sees all."""
    mounted = [str(found["options"]) for found in _MOUNTED_PROC.finditer(mountinfo)]
    pairs = [option.partition("=") for option in (mounted[-1] if mounted else "").split(",")]
    given = {name: value for name, _, value in pairs}
    level = given.get("hidepid", "off")
    if "CAP_SYS_PTRACE" in capabilities or level not in ("invisible", "2", "ptraceable", "4"):
        return False
    return level in ("ptraceable", "4") or int(given.get("gid", "0")) not in groups


def _capabilities() -> list[str] | None:
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return [name for name, bit in CAPABILITIES.items() if int(found[1], 16) >> bit & 1] if found else None
