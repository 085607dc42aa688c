"""Reading files of the kernel, and saying truly why one cannot be read."""

from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

WINDOW_S = 2.0  # how long rates are watched: long enough for counters that tick at 10 ms, short enough to wait for


def read_kernel(survey: Survey, path: str) -> str:
    """The text of a kernel file. Raises WorldError, not_supported where there is no such kernel interface."""
    try:
        return survey.world.host.read(path)
    except WorldError as error:
        if error.why != "not_supported":
            raise
        detail = f"{path} does not exist here: another kernel than Linux, or one built or started without this part"
        raise WorldError("not_supported", detail, "read it on a Linux kernel that has it") from error


def garbled(path: str, found: str) -> WorldError:
    """The failure of a kernel file whose text is not what kernels write."""
    return WorldError("error", f"{path} is not as the kernel writes it: {found[:60]!r}", "look at the file by hand")


def count(text: str, path: str) -> int:
    """A counter: decimal digits only. Raises WorldError(error) for anything else, never a guess."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise garbled(path, text)
    return int(text)


def grown(before: int, after: int, path: str) -> int:
    """How much a counter grew. Raises WorldError(no_data) when it went back: it was reset or wrapped in between."""
    if after < before:
        raise WorldError("no_data", f"a counter of {path} went back while it was watched", "measure again")
    return after - before


def uptime_s(survey: Survey) -> float:
    """Seconds since boot by the kernel's own clock, to 10 ms; differences of it are the window of a rate."""
    return parse_uptime(read_kernel(survey, "/proc/uptime"))


def parse_uptime(text: str) -> float:
    """The first number of /proc/uptime. Raises WorldError(error)."""
    first = text.split()[0] if text.split() else ""
    whole, _, part = first.partition(".")
    count(whole, "/proc/uptime")
    count(part or "0", "/proc/uptime")
    return float(first)


def init_name(survey: Survey) -> str:
    """The name of the first process, which tells a container or another init from systemd."""
    try:
        return survey.world.host.read("/proc/1/comm").strip() or "unnamed"
    except WorldError:
        return "unknown"


def require_systemd(survey: Survey) -> None:
    """Raise WorldError(not_supported) unless systemd runs here (what sd_booted(3) looks at)."""
    try:
        survey.world.host.list("/run/systemd/system")
    except WorldError as error:
        if error.why != "not_supported":
            raise
        detail = f"systemd is not running here (the first process is {init_name(survey)!r})"
        raise WorldError("not_supported", detail, "ask on the host itself, when this is a container") from error
