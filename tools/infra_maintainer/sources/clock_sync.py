"""Whether the kernel's clock is disciplined by a time source, as the kernel itself says (adjtimex)."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey

TIME_ERROR, STA_UNSYNC = 5, 0x40  # include/uapi/linux/timex.h


@source(title="time synchronisation", jobs=("health",), quantities=("clock.synchronised",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """What `timedatectl` shows as "synchronized"; in a container it is the host's clock."""
    clock = survey.world.host.snapshot("kernel_clock")
    synchronised = clock["state"] != TIME_ERROR and not clock["status"] & STA_UNSYNC
    yield survey.measured("clock.synchronised", synchronised, source="adjtimex(2)")
