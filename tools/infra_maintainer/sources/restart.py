"""How long the machine runs, and whether an installed update waits for a restart."""

import re
from collections.abc import Iterator

from infra_maintainer.sources.kernel.reading import parse_uptime, read_kernel
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

FLAGS = ("/run/reboot-required", "/var/run/reboot-required")


@source(title="uptime and restart", jobs=("health",), quantities=("uptime", "reboot.required"))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """The flag of Debian and Ubuntu first; else the running kernel against the kernels installed."""
    yield survey.measured("uptime", parse_uptime(read_kernel(survey, "/proc/uptime")), source="/proc/uptime")
    for flag in FLAGS:
        try:
            survey.world.host.read(flag)
        except WorldError as error:
            if error.why != "not_supported":
                raise
            continue
        yield survey.measured("reboot.required", True, source=flag)
        return
    running = read_kernel(survey, "/proc/sys/kernel/osrelease").strip()
    newer = newer_kernels(running, _installed(survey, running))
    origin = "/proc/sys/kernel/osrelease against /lib/modules"
    yield survey.measured("reboot.required", bool(newer), source=origin, quote=", ".join(newer) if newer else None)


def newer_kernels(running: str, installed: list[str]) -> list[str]:
    """Installed kernels of the running one's flavour that are newer than it."""
    flavour = _flavour(running)
    return [each for each in installed if _flavour(each) == flavour and _order(each) > _order(running)]


def _installed(survey: Survey, running: str) -> list[str]:
    try:
        installed = survey.world.host.list("/lib/modules")
    except WorldError as error:
        if error.why != "not_supported":
            raise
        installed = []
    if running not in installed:
        detail = f"the running kernel {running} is not installed here: it comes from outside (a container or a VM host)"
        raise WorldError("not_supported", detail, "ask on the host that starts it")
    return installed


def _flavour(release: str) -> str:
    """The words of a release that are no version: "6.1.0-18-cloud-amd64" gives "cloud-amd64"."""
    return "-".join(word for word in release.split("-")[1:] if not word[:1].isdigit())


def _order(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release.removesuffix(_flavour(release)))]
