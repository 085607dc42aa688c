"""Which files a declared log has, and in which format its server writes them."""

import glob
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.logs.apache import apache_format
from infra_maintainer.logs.apache import logs_of_configuration as apache_logs
from infra_maintainer.logs.blocks import MissingReader, blocks_of
from infra_maintainer.logs.engine import EngineAbsent, LogEngine
from infra_maintainer.logs.known import Format, format_of, recognise
from infra_maintainer.logs.nginx import logs_of_configuration as nginx_logs
from infra_maintainer.logs.nginx import nginx_format
from infra_maintainer.logs.summary import LogSummary, summarise
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

    Raise WorldError when the lines have none that is known.
    """
    if declared is not None:
        return Chosen(format_of(declared), assumed=False)
    if configuration is not None:
        names = {str(path) for path in files}
        for log in configured_logs(configuration, read):
            if any(
                name == log.path or name.startswith(f"{log.path}.") or name.startswith(f"{log.path}-") for name in names
            ):
                return Chosen(_compile(log), assumed=False)
    lines = _first_lines(files[-1])
    recognised = recognise(lines)
    if recognised is None:
        how = "name its format in [[access_log]], or the server_config that writes it"
        what = "it is empty" if not lines else "its lines have no known format"
        raise WorldError("no_data" if not lines else "not_supported", f"{files[-1]}: {what}", how)
    return Chosen(recognised.format, assumed=True)


def configured_logs(configuration: str, read: Callable[[str], str]) -> list[LogFile]:
    """The logs of an nginx or Apache configuration, `include` followed. Raise WorldError when it cannot be read."""
    text = _with_includes(configuration, read, depth=0)
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
            return block.clean.decode().split("\n")[:SAMPLE_LINES]
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
    except PermissionError as refused:
        raise WorldError(
            "denied", f"{refused.filename}: {refused.strerror}", "run as a user who may read it"
        ) from refused
    except OSError as error:
        raise WorldError("error", f"{error.filename}: {error.strerror}", "look at the file by hand") from error
