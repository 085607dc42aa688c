"""Every history that can be read, from every origin; one that fails says why and does not hide the others."""

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from infra_maintainer.evidence.store import StoreError
from infra_maintainer.history.csv_file import read_csv
from infra_maintainer.history.kept import Keeps, read_kept
from infra_maintainer.history.prometheus import read_range
from infra_maintainer.history.sysstat import read_sysstat
from infra_maintainer.history.trace import Trace
from infra_maintainer.sources.log_history import read_log
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import MEND_STORE, Survey
from infra_maintainer.world.failure import WorldError

HISTORY_DAYS = 400
FORECAST: frozenset[str] = frozenset(
    {
        "cpu.utilisation", "memory.used", "disk.space.used", "disk.inodes.used", "files.open", "conntrack.used",
        "ports.ephemeral.used",
    }
)  # fmt: skip
"""What is forecast of every machine; anything else is named under [[history]]."""


def histories(survey: Survey) -> Iterator[Trace | AnyEvidence]:
    """Declared histories first, then the store of our own sampler, then sysstat."""
    now, host, zone = survey.world.clock.now(), survey.world.host, ZoneInfo(survey.system.timezone)
    for each in survey.system.history:
        try:
            if each.csv is not None:
                yield read_csv(host, each.csv, each.quantity, each.subject, zone, counter=each.counter)
            elif each.access_log is not None:
                yield read_log(survey, each)
            elif each.prometheus is not None and each.query is not None:
                yield read_range(
                    survey.world, each.prometheus, each.query, each.quantity, each.subject, each.days,
                    counter=each.counter,
                )  # fmt: skip
        except WorldError as error:
            yield survey.missing(
                each.quantity, error.why, error.detail, error.how, source="[[history]]", subject=each.subject
            )
    if isinstance(survey.history, Keeps) and survey.options.get("live", True):
        try:
            yield from read_kept(survey.history, FORECAST, now - timedelta(days=HISTORY_DAYS))
        except StoreError as error:
            yield survey.missing("forecast.history", "error", str(error), MEND_STORE, source="store")
    try:
        yield from read_sysstat(host, survey.machine)
    except WorldError as error:
        if error.why not in ("not_supported", "not_recorded"):  # a machine without sysstat lacks nothing
            yield survey.missing("forecast.history", error.why, error.detail, error.how, source="sysstat")
