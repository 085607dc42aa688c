"""Pressure stall information: the share of five minutes in which work waited for CPU, memory or input and output."""

from collections.abc import Iterator

from infra_maintainer.evidence.model import Missing
from infra_maintainer.sources.kernel.groups import own_groups
from infra_maintainer.sources.kernel.reading import garbled, read_kernel
from infra_maintainer.sources.kernel.tables import parse_pressure
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

KINDS = (("cpu", "some"), ("memory", "full"), ("io", "full"))


@source(
    title="pressure stall information",
    jobs=("health",),
    quantities=tuple(f"psi.{resource}.{kind}" for resource, kind in KINDS),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Of the machine, and of this process's own control group where it has pressure files (v2)."""
    for resource, kind in KINDS:
        path = f"/proc/pressure/{resource}"
        yield _pressure(survey, survey.machine, path, resource, kind)
    try:
        groups = own_groups(survey)
    except WorldError:
        return  # the source of the control groups says why there are none
    limited = [level for level in groups.levels if level.cpus is not None or level.memory is not None]
    for level in limited if groups.version == 2 else []:
        for resource, kind in KINDS:
            yield _pressure(survey, level.subject, f"{level.folder}/{resource}.pressure", resource, kind)


def _pressure(survey: Survey, subject: str, path: str, resource: str, kind: str) -> AnyEvidence:
    quantity = f"psi.{resource}.{kind}"
    try:
        found = parse_pressure(read_kernel(survey, path), path)
        if kind not in found:
            raise garbled(path, f"no line {kind}")
        return survey.measured(quantity, found[kind], subject=subject, stat="mean", window=300, source=path)
    except WorldError as error:
        return _missing(survey, subject, path, quantity, error)


def _missing(survey: Survey, subject: str, path: str, quantity: str, error: WorldError) -> Missing:
    if "not supported" not in error.detail.lower():  # EOPNOTSUPP: built in, switched off at boot
        return survey.missing(quantity, error.why, error.detail, error.how, subject=subject, source=path)
    detail = f"{path}: pressure stall information is switched off in this kernel"
    return survey.missing(
        quantity, "not_supported", detail, "start the kernel with psi=1", subject=subject, source=path
    )
