"""The load at which use reaches its limit: use regressed on load over the same intervals, with its range."""

from collections.abc import Iterator, Mapping

from infra_maintainer.evidence.model import Derived
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.history.trace import Trace
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey

SAME_S = 60


def together(one: Trace, other: Trace) -> list[tuple[float, float]]:
    """The values of two histories at the same minutes."""
    there = {round(at / SAME_S): value for at, value in zip(other.at, other.mean, strict=True)}
    return [
        (value, there[round(at / SAME_S)])
        for at, value in zip(one.at, one.mean, strict=True)
        if round(at / SAME_S) in there
    ]


def break_load(survey: Survey, traces: Mapping[tuple[str, str], Trace]) -> Iterator[AnyEvidence]:
    """For each service whose load and use are both known: the break load, or why it is not told."""
    import numpy as np

    from infra_maintainer.load.service_demand import NoDemand, fit_demand

    limit = survey.options.get("limits", {}).get("service.use")
    for (quantity, subject), load in traces.items():
        use = traces.get(("service.use", subject))
        if quantity != "service.load" or use is None or limit is None:
            continue
        both = np.asarray(together(load, use), dtype=np.float64).reshape(-1, 2)
        found = fit_demand(both[:, 0], both[:, 1], limit)
        if isinstance(found, NoDemand):
            yield survey.missing(
                "capacity.break_load", "no_data", f"{found.code}: {found.says}", f"enough would be: {found.enough}",
                source="utilisation law", subject=subject,
            )  # fmt: skip
            continue
        window = load.at[-1] - load.at[0]
        load_id = survey.measured(
            "service.load", found.observed_max, subject=subject, stat="max", n=found.points, window=window,
            source=load.source,
        )  # fmt: skip
        use_id = survey.measured(
            "service.use", float(both[:, 1].max()), subject=subject, stat="max", n=found.points, window=window,
            source=use.source,
        )  # fmt: skip
        yield from (load_id, use_id)
        for name, value in (
            ("capacity.break_load", found.break_load),
            ("capacity.break_load.low95", found.break_low),
            ("capacity.break_load.high95", found.break_high),
            ("capacity.break_load.multiple", found.reach),
        ):
            yield Derived(
                subject=subject,
                quantity=name,
                stat="instant",
                value=float(f"{value:.6g}"),
                unit=unit_of(name),
                formula="fit(use, load)",
                inputs={"use": use_id.id, "load": load_id.id},
                as_of=survey.world.clock.now(),
                source=f"utilisation law: use = {found.idle:.3g} % + {found.demand:.3g} % per 1/s, R2 {found.r2:.2f}",
            )
