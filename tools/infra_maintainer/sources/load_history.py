"""The history of load and use from wherever it is kept: what it is now, where it goes, how right we were before."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from zoneinfo import ZoneInfo

from infra_maintainer.evidence.model import Measured, Stat
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.history.trace import Trace
from infra_maintainer.sources.bend import bend
from infra_maintainer.sources.break_load import break_load
from infra_maintainer.sources.histories import histories
from infra_maintainer.sources.log_history import undeclared_load
from infra_maintainer.sources.outlook_evidence import KIND, outlook_evidence, series_of
from infra_maintainer.sources.past_forecasts import past_forecasts, scores
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import MEND_STORE, Survey
from infra_maintainer.world.failure import WorldError

WEEK_S = 7 * 86400


@source(
    title="history of load and use",
    jobs=("capacity",),
    disturbs=True,
    quantities=("forecast.history",),
    also=(
        "cpu.utilisation", "memory.used", "disk.space.used", "disk.inodes.used", "files.open", "conntrack.used",
        "ports.ephemeral.used", "service.load", "service.use", "service.users", "service.latency",
        "capacity.break_load", "capacity.bend", "forecast.use", "forecast.rate", "forecast.count",
        "forecast.hit_rate80",
    ),
)  # fmt: skip
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Averages, tails and forecasts of each series, from the longest history there is of it."""
    if find_spec("numpy") is None:
        raise WorldError("not_supported", "numpy is not installed", "pip install 'infra-maintainer[capacity]'")
    if (gap := undeclared_load(survey)) is not None:
        yield gap
    found: dict[tuple[str, str], list[Trace]] = defaultdict(list)
    for each in histories(survey):
        if isinstance(each, Trace):
            found[each.quantity, each.subject].append(each)
        else:
            yield each
    if not found:
        raise WorldError(
            "no_data",
            "no history anywhere: neither of infra-maintainer watch, nor of sysstat, nor declared",
            "start infra-maintainer watch, or declare [[history]]; three days are the least, 180 carry 90",
        )
    longest = {key: max(traces, key=lambda trace: trace.days) for key, traces in found.items()}
    try:
        records = past_forecasts(survey.history)
    except StoreError as error:
        records = []
        yield survey.missing("forecast.scored", "error", str(error), MEND_STORE, source="store")
    for trace in longest.values():
        yield from _about(survey, trace, records)
    yield from break_load(survey, longest)
    yield from bend(survey, longest)


def _about(survey: Survey, trace: Trace, records: list[dict[str, object]]) -> Iterator[AnyEvidence]:
    import numpy as np

    from infra_maintainer.forecast.outlook import look_ahead
    from infra_maintainer.forecast.series import hourly

    at, mean, peak = (np.asarray(each, dtype=np.float64) for each in (trace.at, trace.mean, trace.peak))
    recent = at >= at[-1] - WEEK_S
    base = _stats(survey, trace, mean[recent], peak[recent], float(at[-1] - at[recent][0]))
    yield from base
    if unit_of(trace.quantity) not in KIND:
        return
    declared = [h for h in survey.system.history if (h.quantity, h.subject) == (trace.quantity, trace.subject)]
    limits: dict[str, float] = survey.options.get("limits", {})
    own = next((h.limit for h in declared if h.limit is not None), None)
    if own is not None and unit_of(trace.quantity) == "%":
        yield survey.declared("capacity.limit", own, subject=series_of(trace.quantity, trace.subject))
    limit = limits.get(trace.quantity) if own is None else own
    if limit is None and trace.quantity == "service.load":
        limit = _carried(survey, trace.subject)
    ceiling = next((h.ceiling for h in declared if h.ceiling is not None), None)
    if ceiling is None and unit_of(trace.quantity) == "%":
        ceiling = 100.0
    try:
        cleaned = hourly(at, mean, ZoneInfo(survey.system.timezone), peak)
    except ValueError as error:
        raise WorldError("error", f"{trace.quantity} of {trace.subject}: {error}", "look at the source") from error
    cleaned = cleaned._replace(notes=(*trace.notes, *cleaned.notes))
    horizon_h = int(survey.options.get("horizon_days", 90)) * 24
    outlook = look_ahead(
        cleaned, horizon_h=horizon_h, limit=limit, ceiling=ceiling, now=survey.world.clock.now().timestamp()
    )
    keep = survey.options.get("outlooks")
    if keep is not None:
        keep.append((trace.quantity, trace.subject, outlook))
    yield from outlook_evidence(survey, outlook, base[0])
    yield from scores(survey, records, hourly(at, mean), trace.quantity, trace.subject)


def _carried(survey: Survey, subject: str) -> float | None:
    """What the declared instances carry together, when both are declared."""
    name = subject.removeprefix("service:")
    count = next((each.instances for each in survey.system.service if each.name == name), None)
    each = next((scaling.sustains_per_instance for scaling in survey.system.scaling if scaling.service == name), None)
    return count * each if count and each else None


def _stats(survey: Survey, trace: Trace, mean: object, peak: object, window: float) -> list[Measured]:
    import numpy as np

    means, peaks = np.asarray(mean), np.asarray(peak)
    rows: list[tuple[Stat, float]] = [
        ("mean", float(means.mean())),
        ("p95", float(np.quantile(means, 0.95))),
        ("p99.5", float(np.quantile(means, 0.995))),
        ("max", float(peaks.max())),
    ]
    return [
        survey.measured(
            trace.quantity, value, subject=trace.subject, stat=stat, n=len(means), window=window, source=trace.source,
            quote="; ".join(trace.notes) or None, as_of=datetime.fromtimestamp(trace.at[-1], UTC),
        )
        for stat, value in rows
    ]  # fmt: skip
