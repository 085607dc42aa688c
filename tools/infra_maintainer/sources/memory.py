"""Memory that programs can still get, and whether the machine swaps right now."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.reading import WINDOW_S, grown, read_kernel, uptime_s
from infra_maintainer.sources.kernel.tables import field, parse_fields
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.world.failure import WorldError

MEMORY, PAGING, PAGE_BYTES = "/proc/meminfo", "/proc/vmstat", 4096


@source(
    title="memory and swapping",
    jobs=("health", "capacity"),
    quantities=("memory.used", "memory.available", "memory.capacity", "swap.activity"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """`used` is what is not available, as `free` prints it: caches that can be dropped do not count."""
    fields = parse_fields(read_kernel(survey, MEMORY), MEMORY)
    total, available = (field(fields, name, MEMORY) * 1024 for name in ("MemTotal", "MemAvailable"))
    yield survey.measured("memory.capacity", total, source=MEMORY)
    yield survey.measured("memory.available", available, source=MEMORY)
    yield survey.measured("memory.used", percent(total - available, total), source=MEMORY)
    before, begun = _swapped(survey), uptime_s(survey)
    survey.world.clock.sleep(WINDOW_S)
    after, window = _swapped(survey), uptime_s(survey) - begun
    if window <= 0:
        raise WorldError("no_data", "no time passed while swapping was watched", "measure on the live machine")
    rate = grown(before, after, PAGING) * PAGE_BYTES / window
    yield survey.measured("swap.activity", rate, stat="rate", window=window, source=PAGING)


def _swapped(survey: Survey) -> int:
    """Pages swapped in and out since boot. A kernel built without swap has no such counters: it never swaps."""
    fields = parse_fields(read_kernel(survey, PAGING), PAGING)
    if "pswpin" not in fields:
        raise WorldError("not_supported", "this kernel cannot swap (no pswpin in /proc/vmstat)", "nothing to do")
    return field(fields, "pswpin", PAGING) + field(fields, "pswpout", PAGING)
