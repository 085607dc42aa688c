"""Which files a declared log has, and in which format its server writes them."""

import glob
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.logs.account import Account
from infra_maintainer.logs.apache import apache_format
from infra_maintainer.logs.apache import logs_of_configuration as apache_logs
from infra_maintainer.logs.blocks import MissingReader, blocks_of, only_text
from infra_maintainer.logs.engine import EngineAbsent, LogEngine
from infra_maintainer.logs.known import Format, format_of, recognise, with_status
from infra_maintainer.logs.nginx import logs_of_configuration as nginx_logs
from infra_maintainer.logs.nginx import nginx_format
from infra_maintainer.logs.summary import LogSummary, TooManyValues, summarise
from infra_maintainer.logs.template import LogFile
from infra_maintainer.logs.wanted import NOTHING_MORE, Wanted
from infra_maintainer.logs.worker import WorkerEnded
from infra_maintainer.world.failure import WorldError

MOST_FILES = 200
SAMPLE_LINES = 200
NGINX_CONFIGURATION = "/etc/nginx/nginx.conf"
HOW_TO_LOG_TIMES = (
    'log times, in nginx: log_format timed \'$remote_addr - $remote_user [$time_local] "$request" $status '
    '$body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time $upstream_status '
    "$upstream_addr';"
)

_INCLUDE = re.compile(r"^[^#\n]*?\binclude(?:optional)?\s+([^\s;{}]+)", re.IGNORECASE | re.MULTILINE)


class Chosen(NamedTuple):
    """A format and whether it was only recognised from the lines."""

    format: Format
    assumed: bool


def files_of(pattern: str) -> list[Path]:
    """The files of a path that may hold `*` and `?`, newest last. Raise WorldError when there is none."""
    found = [Path(name) for name in glob.glob(pattern)] if any(mark in pattern for mark in "*?[") else [Path(pattern)]
    try:
        kept = sorted((path for path in found if path.is_file()), key=lambda path: path.stat().st_mtime)
    except OSError as error:
        raise WorldError("denied", f"{pattern}: {error.strerror}", "run as a user who may read the log") from error
    if not kept:
        if any(path.is_dir() for path in found):
            how = f"name the files in it, such as {pattern.rstrip('/')}/*.log, in [[access_log]]"
            raise WorldError("no_data", f"{pattern} is a folder", how)
        raise WorldError("no_data", f"no file matches {pattern}", "correct the path in [[access_log]]")
    return kept[-MOST_FILES:]


def format_from(
    files: list[Path], declared: str | None, configuration: str | None, read: Callable[[str], str]
) -> Chosen:
    """The declared format, else the one of the server's configuration, else the one that the lines have.

    A copy of a log has another path than the configuration says: its formats are tried on the lines as well. Raise
    WorldError when the lines have none that is known, or the declared one is none: never as not_supported, for whoever
    declared a log may not be called healthy without it.
    """
    logs = configured_logs(configuration, read) if configuration is not None else []
    if declared is not None:
        return Chosen(_declared(declared, logs), assumed=False)
    names = {str(path) for path in files}
    for log in logs:
        if any(
            name == log.path or name.startswith(f"{log.path}.") or name.startswith(f"{log.path}-") for name in names
        ):
            return Chosen(_configured(log), assumed=False)
    lines = _first_lines(files[-1])
    if not lines:
        how = "ask again when the server has written to it, or correct the path in [[access_log]]"
        raise WorldError("no_data", f"{files[-1]}: it is empty", how)
    recognised = recognise(lines, [form for log in logs if "status" in (form := _compile(log)).fields()])
    if recognised is None:
        what = "its lines have no known format" + (f", nor one of {configuration}" if configuration else "")
        how = "give the text of its log_format as format in [[access_log]], or the server_config that defines it"
        raise WorldError("no_data", f"{files[-1]}: {what}", how)
    return Chosen(recognised.format, assumed=True)


def _declared(text: str, logs: list[LogFile]) -> Format:
    """The format that the configuration defines under this name, else the one of the text. Raise WorldError."""
    for log in logs:
        if log.format_name == text:
            return _configured(log)
    return format_of_text(text)


def format_of_text(text: str) -> Format:
    """The format of a declared name or text. Raise WorldError."""
    try:
        return format_of(text)
    except ValueError as mistake:
        how = "name as server_config the file that defines it, or give its text"
        raise WorldError("no_data", f"format {text!r}: {mistake}", how) from mistake


def _configured(log: LogFile) -> Format:
    """The format in which the server writes this log. Raise WorldError."""
    try:
        return with_status(_compile(log))
    except ValueError as mistake:
        how = f"add it to {log.format_name} in the server's configuration"
        raise WorldError("no_data", f"{log.path}, written as {log.format_name}: {mistake}", how) from mistake


def configured_logs(configuration: str, read: Callable[[str], str]) -> list[LogFile]:
    """The logs of an nginx or Apache configuration, `include` followed. Raise WorldError when it cannot be read."""
    try:
        text = _with_includes(configuration, read, depth=0)
    except WorldError as error:
        if error.why != "not_supported":
            raise
        how = "correct server_config in [[access_log]]"
        raise WorldError("no_data", f"server_config: {error.detail}", how) from error
    return nginx_logs(text) if "log_format" in text or "access_log" in text else apache_logs(text)


def _with_includes(path: str, read: Callable[[str], str], depth: int) -> str:
    text = read(path)
    if depth == 4:
        return text
    pieces = [text]
    for found in _INCLUDE.finditer(text):
        pattern = found[1].strip("\"'")
        absolute = pattern if pattern.startswith("/") else str(Path(path).parent / pattern)
        for name in sorted(glob.glob(absolute))[:MOST_FILES]:
            pieces.append(_with_includes(name, read, depth + 1))
    return "\n".join(pieces)


def _compile(log: LogFile) -> Format:
    return (
        nginx_format(log.format_text, f"nginx {log.format_name}")
        if "$" in log.format_text
        else apache_format(log.format_text, f"Apache {log.format_name}")
    )


def _first_lines(path: Path) -> list[str]:
    try:
        for block in blocks_of(path, 1 << 20):
            return only_text(block.clean, Account()).decode().split("\n")[:SAMPLE_LINES]
    except (OSError, MissingReader) as error:
        raise WorldError("error", f"{path}: {error}", "look at the file by hand") from error
    return []


def summary_of_files(
    files: list[Path], chosen: Chosen, keep_going: Callable[[], bool], wanted: Wanted = NOTHING_MORE, zone: str = "UTC"
) -> LogSummary:
    """Read all of them; what is `wanted` is told in any case, times without a zone are those of `zone`.

    Raise WorldError for what the files or the installation refuse.
    """
    try:
        with LogEngine(chosen.format, wanted=wanted) as engine:
            engine.read(files, keep_going)
            return summarise(engine, [str(path) for path in files], assumed=chosen.assumed, zone=zone)
    except (EngineAbsent, MissingReader) as absent:
        raise WorldError("not_supported", str(absent), str(absent).rpartition("need: ")[2]) from absent
    except WorkerEnded as ended:
        how = "look for the kernel's out-of-memory messages, then ask again"
        raise WorldError("error", str(ended), how) from ended
    except TooManyValues as full:
        how = "ask for fewer of the rotated files at once, or log paths whose ids can be told from words"
        raise WorldError("error", f"{files[-1]}: {full}", how) from full
    except PermissionError as refused:
        raise WorldError(
            "denied", f"{refused.filename}: {refused.strerror}", "run as a user who may read it"
        ) from refused
    except OSError as error:
        raise WorldError("error", f"{error.filename}: {error.strerror}", "look at the file by hand") from error
