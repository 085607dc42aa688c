"""Rules of sudo that are as good as root, read from sudoers files."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

# Programs that start a shell, write any file or load any code when run as root.
_ESCAPES = frozenset(
    "vi vim nano less more man find awk gawk perl python python3 ruby lua bash sh dash zsh tar rsync docker podman"
    " env tee cp mv"
    " dd systemctl apt apt-get dnf yum pip pip3 git ssh scp chmod chown mount crontab journalctl visudo ed sed".split()
)
_MAX_DEPTH = 5


class Excess(NamedTuple):
    """One rule that gives more than its holder's work needs; `kind` says what, `who` whom, `line` where."""

    file: str
    line: int
    who: str
    kind: str


class Reading(NamedTuple):
    """The excesses found, and the files that could not be read."""

    excess: tuple[Excess, ...]
    unread: tuple[str, ...]
    files: int


def read_sudoers(read: Callable[[str], str | None], names_in: Callable[[str], list[str] | None]) -> Reading:
    """Follow /etc/sudoers with its includes. `read` and `names_in` give None for what cannot be read or listed.

    The distribution's own `root ALL` and the group rules `%sudo`/`%wheel`/`%admin ALL` with a password are the normal
    way to administer and are no excess; whoever is in those groups is counted with the root-equal groups.
    """
    rules: list[tuple[str, int, str]] = []
    aliases: dict[str, list[str]] = {}
    unread: list[str] = []
    files = 0
    waiting = [("/etc/sudoers", 0)]
    while waiting:
        path, depth = waiting.pop()
        text = read(path) if depth <= _MAX_DEPTH else None
        if text is None:
            unread.append(path)
            continue
        files += 1
        for number, line in _lines(text):
            include = re.match(r"[@#]include(dir)?\s+(\S+)$", line)
            if include and include[1]:
                names = names_in(include[2])
                if names is None:
                    unread.append(include[2])
                # sudo skips names with a dot or a tilde at the end.
                kept = [name for name in names or [] if "." not in name and not name.endswith("~")]
                waiting += [(f"{include[2].rstrip('/')}/{name}", depth + 1) for name in kept]
            elif include:
                waiting.append((include[2], depth + 1))
            elif alias := re.match(r"Cmnd_Alias\s+(.+)$", line):
                aliases |= _aliases(alias[1])
            else:
                rules.append((path, number, line))
    # An alias may be defined after its use, and in another file.
    excess = [Excess(path, number, *found) for path, number, line in rules for found in _judge(line, aliases)]
    return Reading(tuple(excess), tuple(unread), files)


def _aliases(text: str) -> dict[str, list[str]]:
    named = (part.partition("=") for part in re.split(r"\s+:\s+", text))
    return {name.strip(): [each.strip() for each in commands.split(",")] for name, _, commands in named}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    number, joined, first = 0, "", 1
    for number, raw in enumerate(text.splitlines(), start=1):
        if not joined:
            first = number
        if raw.endswith("\\"):
            joined += raw[:-1] + " "
            continue
        line = (joined + raw).strip()
        joined = ""
        if line and (not line.startswith("#") or re.match(r"#(include(dir)?|\d+)\s", line)):
            yield first, line


def _judge(line: str, aliases: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    if line.startswith("Defaults"):
        if re.search(r"!\s*authenticate\b", line):
            yield "everyone", "no password is asked (Defaults !authenticate)"
        return
    match = re.match(r"(?P<who>\S+)\s+(?P<hosts>[^=]+?)\s*=\s*(?P<what>.+)$", line)
    if not match or re.match(r"(User|Runas|Host)_Alias\b", line) or match["who"] == "root":
        return
    who = match["who"]
    without_password = "NOPASSWD:" in match["what"]
    commands = list(_as_root(match["what"], aliases))
    if "ALL" in commands:
        if without_password:
            yield who, "every command without a password (NOPASSWD: ALL)"
        elif who not in ("%sudo", "%wheel", "%admin"):
            yield who, "every command (ALL)"
        return
    for command in commands:
        program = command.split()[0].rsplit("/", 1)[-1] if command and not command.startswith("!") else ""
        if program in _ESCAPES:
            yield who, f"{program} as root gives a root shell or any file"
        elif "*" in command:
            yield who, "a command with a wildcard"


def _as_root(what: str, aliases: dict[str, list[str]]) -> Iterator[str]:
    """The commands of a rule that run as root: what runs as another user only is no way to root by itself.

    A run-as list holds for the commands after it, until the next one.
    """
    runs_as_root = True
    for part in re.split(r",(?![^(]*\))", what):
        command = part.strip()
        run_as = re.match(r"\(([^)]*)\)\s*", command)
        if run_as:
            users = {user.strip() for user in run_as[1].split(":")[0].split(",")}
            runs_as_root = not users or bool(users & {"root", "ALL", "#0", ""})
            command = command[run_as.end() :]
        command = re.sub(r"^(?:[A-Z_]+:\s*)+", "", command)
        if runs_as_root:
            yield from _expanded(command, aliases, 5)


def _expanded(command: str, aliases: dict[str, list[str]], depth: int) -> Iterator[str]:
    if command not in aliases or depth == 0:
        yield command
        return
    for each in aliases[command]:
        yield from _expanded(each, aliases, depth - 1)
