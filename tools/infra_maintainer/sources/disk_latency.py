"""How long requests to each disk take and how much of the time it is busy, watched for two seconds."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.reading import WINDOW_S, grown, read_kernel, uptime_s
from infra_maintainer.sources.kernel.tables import Disk, parse_disks
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.world.failure import WorldError

PATH = "/proc/diskstats"
NOT_A_DISK = ("loop", "ram", "zram", "sr", "fd")


def whole_disks(survey: Survey) -> dict[str, Disk]:
    """Devices that served anything since boot: whole disks and what is stacked on them, not partitions."""
    found = parse_disks(read_kernel(survey, PATH))
    try:
        whole = set(survey.world.host.list("/sys/block"))
    except WorldError as error:
        if error.why != "not_supported":
            raise
        whole = set(found)
    return {
        name: disk
        for name, disk in found.items()
        if name in whole and disk.requests and not name.startswith(NOT_A_DISK)
    }


@source(title="disk latency and utilisation", jobs=("health",), quantities=("disk.busy", "disk.await"))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Await is the mean over the requests of the window; a disk without a request has none."""
    before, begun = whole_disks(survey), uptime_s(survey)
    if not before:
        raise WorldError("not_supported", f"{PATH} shows no disk that was ever used", "ask on the host")
    survey.world.clock.sleep(WINDOW_S)
    after, window = whole_disks(survey), uptime_s(survey) - begun
    if window <= 0:
        raise WorldError("no_data", "no time passed while the disks were watched", "measure on the live machine")
    for name in before.keys() & after.keys():
        subject = f"disk:{name}"
        requests, waited, busy = (grown(a, b, PATH) for a, b in zip(before[name], after[name], strict=True))
        share = min(100.0, percent(busy / 1000, window))  # the two clocks tick apart by up to 10 ms
        yield survey.measured("disk.busy", share, subject=subject, stat="mean", window=window, source=PATH)
        if requests:
            yield survey.measured(
                "disk.await", waited / requests, subject=subject, stat="mean", n=requests, window=window, source=PATH
            )
            continue
        detail = f"no request to {name} ended in {window:.1f} s"
        yield survey.missing("disk.await", "no_data", detail, "measure while it is used", subject=subject, source=PATH)
