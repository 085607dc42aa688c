"""Use that lasted: the lowest of the samples kept over fifteen minutes. One sample is never sustained."""

from collections.abc import Iterator
from datetime import timedelta

from infra_maintainer.evidence.model import Sample
from infra_maintainer.evidence.show import many
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.sources.disk_latency import whole_disks
from infra_maintainer.sources.kernel.groups import own_groups
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import MEND_STORE, Survey
from infra_maintainer.world.failure import WorldError

MINUTES = 15.0  # the policy's sustained.minutes; infra.toml may say otherwise
MOST_GAP = timedelta(minutes=5)
HOW = "run this every few minutes for a quarter of an hour with the same store"


@source(
    title="use sustained over the kept samples",
    jobs=("health",),
    quantities=("cpu.utilisation.sustained", "memory.used.sustained"),
    also=("disk.busy.sustained", "cgroup.cpu.utilisation.sustained", "cgroup.memory.used.sustained"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Of each kind of use that policy limits when it lasts."""
    for quantity, subject in _wanted(survey):
        yield _sustained(survey, quantity, subject)


def _wanted(survey: Survey) -> Iterator[tuple[str, str]]:
    yield "cpu.utilisation", survey.machine
    yield "memory.used", survey.machine
    try:
        yield from (("disk.busy", f"disk:{name}") for name in whole_disks(survey))
        for level in own_groups(survey).levels:
            if level.cpus is not None:
                yield "cgroup.cpu.utilisation", level.subject
            if level.memory is not None:
                yield "cgroup.memory.used", level.subject
    except WorldError:
        return  # their own sources say why there are none


def _sustained(survey: Survey, quantity: str, subject: str) -> AnyEvidence:
    name = f"{quantity}.sustained"
    minutes = float(survey.system.policy.get("sustained.minutes", MINUTES))
    now = survey.world.clock.now()
    if survey.history is None:
        return survey.missing(name, "no_data", "no earlier samples are kept", HOW, subject=subject, source="store")
    try:
        since = now - timedelta(minutes=minutes) - MOST_GAP
        samples = [each for each in survey.history.samples(quantity, subject, since) if each.at <= now]
    except StoreError as error:
        return survey.missing(name, "error", str(error), MEND_STORE, subject=subject, source="store")
    times = [*(each.at for each in samples), now]
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    if not samples or now - samples[0].at < timedelta(minutes=minutes) or max(gaps) > MOST_GAP:
        kept = many(len(samples), "sample")
        detail = f"{kept} kept, which do not cover {minutes:g} minutes without a gap of over 5 minutes"
        return survey.missing(name, "no_data", detail, HOW, subject=subject, source="store")
    return _lowest(survey, name, subject, samples)


def _lowest(survey: Survey, name: str, subject: str, samples: list[Sample]) -> AnyEvidence:
    window = (survey.world.clock.now() - samples[0].at).total_seconds()
    value = min(each.value for each in samples)
    return survey.measured(
        name, value, subject=subject, stat="min", n=len(samples), window=window, source="samples kept in the store"
    )
