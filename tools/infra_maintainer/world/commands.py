"""The frozen table of commands that may ever be run on a host. No shell, no other program, no free argument.

A row is a fixed argv; `{0}`, `{1}` … stand for whole arguments that must match the row's patterns. All rows only read.
"""

import re
from typing import NamedTuple

from infra_maintainer.world.failure import WorldError

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C", "TZ": "UTC", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}


class Command(NamedTuple):
    """One allowed program call."""

    argv: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    timeout_s: float = 5.0
    limit_bytes: int = 1 << 20
    package: str = ""


COMMANDS: dict[str, Command] = {
    # --- health ---
    "journal_errors": Command(
        ("journalctl", "--priority=err", "--since={0}", "--output=json", "--no-pager", "--lines=5000"),
        (r"-\d+(min|h)",),
        timeout_s=10,
        limit_bytes=8 << 20,
        package="systemd",
    ),
    "failed_units": Command(
        ("systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager", "--full"),
        package="systemd",
    ),
    # --- capacity ---
    "sysstat_day": Command(
        ("sadf", "-j", "{0}", "--", "-u", "-r"),
        (r"/var/log/(sysstat|sa)/sa(\d{2}|\d{8})",),
        timeout_s=10,
        limit_bytes=8 << 20,
        package="sysstat",
    ),
}


def argv_of(name: str, arguments: tuple[str, ...]) -> tuple[Command, list[str]]:
    """The exact argv of an allowed call.

    Raises KeyError for a name outside the table and ValueError for an argument its pattern does not allow: both are
    mistakes of ours, never of the world.
    """
    command = COMMANDS[name]
    if len(arguments) != len(command.arguments):
        raise ValueError(f"command {name!r} takes {len(command.arguments)} arguments, got {len(arguments)}")
    for pattern, argument in zip(command.arguments, arguments, strict=True):
        if not re.fullmatch(pattern, argument):
            raise ValueError(f"command {name!r} does not allow the argument {argument!r} (allowed: {pattern})")
    return command, [part.format(*arguments) if "{" in part else part for part in command.argv]


def not_installed(name: str) -> WorldError:
    """The failure of a program that this host does not have."""
    command = COMMANDS[name]
    package = command.package or command.argv[0]
    return WorldError("not_supported", f"{command.argv[0]} is not installed here", f"install the package {package}")
