"""Errors and drops of network devices, watched for two seconds."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.reading import WINDOW_S, grown, read_kernel, uptime_s
from infra_maintainer.sources.kernel.tables import Device, parse_devices
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

PATH = "/proc/net/dev"
INNER = ("lo", "veth", "ifb", "dummy")  # no cable behind them; on container hosts there are hundreds


@source(title="network errors and drops", jobs=("health",), quantities=("network.errors", "network.drops"))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Rates of each device that ever carried a packet, both directions."""
    before, begun = _devices(survey), uptime_s(survey)
    if not before:
        raise WorldError("not_supported", "no network device here ever carried a packet", "nothing to do when offline")
    survey.world.clock.sleep(WINDOW_S)
    after, window = _devices(survey), uptime_s(survey) - begun
    if window <= 0:
        raise WorldError("no_data", "no time passed while the devices were watched", "measure on the live machine")
    for name in before.keys() & after.keys():
        packets, errors, drops = (grown(a, b, PATH) for a, b in zip(before[name], after[name], strict=True))
        subject = f"network_device:{name}"
        n = packets or None
        yield survey.measured(
            "network.errors", errors / window, subject=subject, stat="rate", n=n, window=window, source=PATH
        )
        yield survey.measured(
            "network.drops", drops / window, subject=subject, stat="rate", n=n, window=window, source=PATH
        )


def _devices(survey: Survey) -> dict[str, Device]:
    devices = parse_devices(read_kernel(survey, PATH))
    return {name: each for name, each in devices.items() if each.packets and not name.startswith(INNER)}
