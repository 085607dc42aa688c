"""Where secrets lie open on a host: process environments, command lines, units, env files. Values stay in here.

Each place is read, judged and forgotten within one call, so that no value reaches evidence, a log or a recorded world.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra_maintainer.evidence.secret_shapes import shape_spans
from infra_maintainer.evidence.secrets_found import Secret, secret_in_pair, secrets_in_argv
from infra_maintainer.world.own_rights import others_hidden

UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/usr/local/lib/systemd/system",
)
FILE_FOLDERS = ("/srv", "/opt", "/home", "/root", "/var/www", "/etc/default", "/var/lib")
_FILE_NAMES = re.compile(r"^(?:\.env(?:\..+)?|.*\.env|\.pgpass|\.netrc|\.my\.cnf|credentials|\.git-credentials)$")
_SKIPPED_FOLDERS = frozenset(
    {"node_modules", ".git", "site-packages", "dist-packages", ".venv", "venv", "docker", "containerd", "apt", "dpkg"}
)
_MAX_DEPTH, _MAX_ENTRIES, _MAX_BYTES = 4, 20_000, 256 << 10
_RUN_KEY = secrets.token_bytes(32)


def process_secrets(_: str) -> dict[str, Any]:
    """Judge the environment and the command line of every process; those that may not be read are counted.

    `closed` are listed and show not even their name; `others_hidden` tells that /proc does not list all.
    """
    found: list[dict[str, Any]] = []
    refused: list[str] = []
    processes = unreadable = closed = 0
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        folder = Path("/proc") / name
        try:
            program = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
            arguments = _pieces(folder / "cmdline")
            if not arguments and not _has_memory(folder):
                continue  # a kernel thread, or one that ended: neither arguments nor environment
        except PermissionError:
            closed += 1
            continue
        except OSError:
            continue  # it ended between the listing and the look
        processes += 1
        found += [
            _shown(each, f"command line of {program} (pid {name})", "argv") for each in secrets_in_argv(arguments)
        ]
        try:
            environment = _pieces(folder / "environ")
        except PermissionError:
            unreadable += 1
            refused.append(program)
            continue
        except OSError:
            continue
        found += [_shown(each, f"environment of {program} (pid {name})", "environ") for each in _of_pairs(environment)]
    return {
        "processes": processes,
        "unreadable": unreadable,
        "refused": sorted(set(refused))[:5],
        "closed": closed,
        "others_hidden": others_hidden(),
        "found": found,
    }


def unit_secrets(_: str) -> dict[str, Any]:
    """Judge the Environment= lines of systemd units, and the files that EnvironmentFile= names."""
    found: list[dict[str, Any]] = []
    unreadable: list[str] = []
    units = 0
    for path in _unit_files():
        text = _text(path, unreadable)
        if text is None:
            continue
        units += 1
        for assignment in re.findall(r"^Environment=(.*)$", text, re.MULTILINE):
            pairs = re.findall(r"\"[^\"]*\"|'[^']*'|\S+", assignment)
            found += [_shown(each, f"unit {path}", "unit") for each in _of_pairs(pair.strip("\"'") for pair in pairs)]
        for command in re.findall(r"^Exec\w*=[@\-:+!]*(\S.*)$", text, re.MULTILINE):
            found += [_shown(each, f"unit {path}", "unit") for each in secrets_in_argv(command.split())]
        for named in re.findall(r"^EnvironmentFile=-?(/\S+)$", text, re.MULTILINE):
            found += _in_file(Path(named), unreadable)
    return {"units": units, "unreadable": unreadable, "found": found}


def file_secrets(folders: str) -> dict[str, Any]:
    """Judge env files and credential files below the given folders (separated by colons), four levels deep."""
    found: list[dict[str, Any]] = []
    unreadable: list[str] = []
    files = entries = 0
    for path in _candidates(folders.split(":") if folders else list(FILE_FOLDERS), unreadable):
        entries += 1
        if path is None:
            continue
        files += 1
        found += _in_file(path, unreadable)
    return {"files": files, "unreadable": unreadable, "found": found, "truncated": entries >= _MAX_ENTRIES}


def _has_memory(folder: Path) -> bool:
    """Tell a process that emptied its own command line from one that has none."""
    return not (folder / "statm").read_text(encoding="ascii").startswith("0 ")


def _pieces(path: Path) -> list[str]:
    return [piece for piece in path.read_bytes().decode("utf-8", "replace").split("\0") if piece]


def _of_pairs(pairs: Any) -> Iterator[Secret]:
    for pair in pairs:
        key, equals, value = pair.partition("=")
        found = secret_in_pair(key, value) if equals else None
        if found:
            yield found


def _shown(secret: Secret, where: str, form: str, **more: Any) -> dict[str, Any]:
    print_of = secret.fingerprint(_RUN_KEY)
    return {
        "where": where,
        "form": form,
        "key": secret.key,
        "class": secret.kind,
        "confidence": secret.confidence,
        "length": secret.length,
        "fingerprint": print_of,
        **more,
    }


def _in_file(path: Path, unreadable: list[str]) -> list[dict[str, Any]]:
    text = _text(path, unreadable)
    if text is None:
        return []
    mode = path.stat().st_mode
    found = list(
        _of_pairs(
            re.sub(r"^\s*export\s+", "", line).strip().replace('"', "")
            for line in text.splitlines()
            if not line.lstrip().startswith("#")
        )
    )
    if not found:
        span = next(iter(shape_spans(text)), None)
        found = [Secret(path.name, span.kind, "high", text[span.start : span.end])] if span else []
    return [_shown(each, f"file {path}", "file", open_to_all=bool(mode & stat.S_IROTH)) for each in found]


def _text(path: Path, unreadable: list[str]) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            return file.read(_MAX_BYTES).decode("utf-8", "replace")
    except PermissionError:
        unreadable.append(str(path))
    except OSError:
        pass  # it does not exist, or ended to
    return None


def _unit_files() -> Iterator[Path]:
    for folder in UNIT_FOLDERS:
        root = Path(folder)
        yield from sorted(root.glob("*.service"))
        yield from sorted(root.glob("*.service.d/*.conf"))


def _candidates(folders: list[str], unreadable: list[str]) -> Iterator[Path | None]:
    waiting = [(Path(folder), 0) for folder in folders]
    entries = 0
    while waiting and entries < _MAX_ENTRIES:
        folder, depth = waiting.pop()
        try:
            listed = list(os.scandir(folder))
        except PermissionError:
            unreadable.append(str(folder))
            continue
        except OSError:
            continue
        for entry in listed:
            entries += 1
            if entry.is_dir(follow_symlinks=False):
                if depth < _MAX_DEPTH and entry.name not in _SKIPPED_FOLDERS:
                    waiting.append((Path(entry.path), depth + 1))
            elif _FILE_NAMES.match(entry.name) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
                continue
            yield None
