"""Tables of the kernel that can run full (open files, tracked connections) and processes it killed for memory."""

from collections.abc import Iterator

from infra_maintainer.sources.kernel.reading import count, garbled, read_kernel
from infra_maintainer.sources.kernel.tables import field, parse_fields, parse_handles
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.world.failure import WorldError

HANDLES, PAGING = "/proc/sys/fs/file-nr", "/proc/vmstat"
TRACKED, MOST = "/proc/sys/net/netfilter/nf_conntrack_count", "/proc/sys/net/netfilter/nf_conntrack_max"


@source(title="kernel tables", jobs=("health",), quantities=("files.open", "conntrack.used", "oom.kills"))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each on its own: a kernel without connection tracking still has open files."""
    for quantity, path, read in (
        ("files.open", HANDLES, _files),
        ("conntrack.used", TRACKED, _connections),
        ("oom.kills", PAGING, _kills),
    ):
        try:
            yield survey.measured(quantity, read(survey), source=path)
        except WorldError as error:
            yield survey.missing(quantity, error.why, error.detail, error.how, source=path)


def _files(survey: Survey) -> float:
    opened, limit = parse_handles(read_kernel(survey, HANDLES))
    return percent(opened, limit)


def _connections(survey: Survey) -> float:
    tracked, most = (count(read_kernel(survey, path).strip(), path) for path in (TRACKED, MOST))
    if not most:
        raise garbled(MOST, "0")
    return percent(tracked, most)


def _kills(survey: Survey) -> int:
    return field(parse_fields(read_kernel(survey, PAGING), PAGING), "oom_kill", PAGING)
