"""This machine with its price tag: what it has, what it used over its history, and the plans it could move to."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from statistics import quantiles

from infra_maintainer.evidence.store import StoreError
from infra_maintainer.history.kept import Keeps, read_kept
from infra_maintainer.history.sysstat import read_sysstat
from infra_maintainer.history.trace import Trace
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import MEND_STORE, Survey
from infra_maintainer.world.failure import WorldError

USES = ("cpu.utilisation", "memory.used")
LOOK_BACK_DAYS = 93
GB = 1e9  # plans are sold in decimal gigabytes


@source(
    title="this machine's price, plan and past use",
    jobs=("costs",),
    quantities=("machine.price", *USES),
    also=("plan.price", "plan.vcpus", "plan.ram", "plan.disk", "machine.term.days_left", "cpu.cores.usable",
          "memory.capacity"),
    subjects=lambda survey: [survey.machine] if survey.system.machine else [],
    configure="say what this machine costs in infra.toml: [machine] price = 20.0, currency = \"EUR\"",
)  # fmt: skip
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Price and plans are the owner's word; sizes are measured; use comes from history only, never from one reading."""
    machine = survey.system.machine
    if machine is None:
        return
    said = machine.declared_on
    yield survey.declared("machine.price", machine.price, subject=survey.machine, declared_on=said,
                          currency=machine.currency)  # fmt: skip
    if machine.term_ends is not None:
        left = (machine.term_ends - survey.world.clock.now().date()).days
        yield survey.declared("machine.term.days_left", left, subject=survey.machine, declared_on=said)
    for plan in machine.smaller:
        subject = f"plan:{plan.name}"
        yield survey.declared("plan.price", plan.price, subject=subject, declared_on=said, currency=machine.currency)
        yield survey.declared("plan.vcpus", plan.vcpus, subject=subject, declared_on=said)
        yield survey.declared("plan.ram", int(plan.ram_gb * GB), subject=subject, declared_on=said)
        yield survey.declared("plan.disk", int(plan.disk_gb * GB), subject=subject, declared_on=said)
    host = survey.world.host
    yield survey.measured("cpu.cores.usable", host.snapshot("usable_cpus"), source="sched_getaffinity(2)")
    yield survey.measured("memory.capacity", host.snapshot("memory")["total"], source="/proc/meminfo")
    yield from _past(survey)


def _past(survey: Survey) -> Iterator[AnyEvidence]:
    traces: list[Trace] = []
    unread = None
    try:
        traces += _kept(survey)
    except StoreError as error:
        unread = str(error)
    with suppress(WorldError):  # one origin among two: when neither has anything, that is said per quantity
        traces += read_sysstat(survey.world.host, survey.machine)
    for quantity in USES:
        longest = max((each for each in traces if each.quantity == quantity), key=lambda each: each.days, default=None)
        if longest is None or len(longest.mean) < 2:
            yield survey.missing(
                quantity,
                "error" if unread else "no_data",
                unread or "this machine has no history of use: one reading says nothing about its busy hour",
                MEND_STORE if unread else "run `infra-maintainer watch` (or sysstat) for 32 days, then ask again",
                source="samples of infra-maintainer watch, sysstat",
            )
            continue
        yield survey.measured(
            quantity,
            quantiles(longest.peak, n=1000, method="inclusive")[994],
            stat="p99.5",
            n=len(longest.peak),
            window=longest.days * 86400,
            source=longest.source,
        )


def _kept(survey: Survey) -> list[Trace]:
    if not isinstance(survey.history, Keeps):
        return []
    kept = read_kept(survey.history, frozenset(USES), survey.world.clock.now() - timedelta(days=LOOK_BACK_DAYS))
    return [each for each in kept if each.subject == survey.machine]
