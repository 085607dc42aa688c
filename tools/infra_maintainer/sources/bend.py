"""Where more concurrency stops helping: the Universal Scalability Law on load and latency of the same minutes."""

from collections.abc import Iterator, Mapping

from infra_maintainer.evidence.model import Derived
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.history.trace import Trace
from infra_maintainer.sources.break_load import together
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey


def bend(survey: Survey, traces: Mapping[tuple[str, str], Trace]) -> Iterator[AnyEvidence]:
    """For each service whose load and latency are both known: the greatest throughput, or the reason it is not told."""
    import numpy as np

    from infra_maintainer.load.scalability import LinearBound, concurrency, fit_scalability

    for (quantity, subject), load in traces.items():
        latency = traces.get(("service.latency", subject))
        if quantity != "service.load" or latency is None:
            continue
        both = np.asarray(together(load, latency), dtype=np.float64).reshape(-1, 2)
        in_flight = concurrency(both[:, 0], both[:, 1] / 1000)
        found = fit_scalability(in_flight, both[:, 0])
        if isinstance(found, LinearBound):
            detail, how = f"{found.code}: {found.says}; only the linear bound holds", f"enough would be: {found.enough}"
            yield survey.missing("capacity.bend", "no_data", detail, how, source="scalability law", subject=subject)
            continue
        seen = survey.measured(
            "service.in_flight", float(in_flight.max()), subject=subject, stat="max", n=len(both),
            window=load.at[-1] - load.at[0], source=f"Little's law on {load.source} and {latency.source}",
        )  # fmt: skip
        yield seen
        for name, value in (
            ("capacity.bend", found.peak_rate),
            ("capacity.bend.low95", found.peak_rate_low),
            ("capacity.bend.high95", found.peak_rate_high),
            ("capacity.bend.in_flight", found.peak_concurrency),
        ):
            yield Derived(
                subject=subject,
                quantity=name,
                stat="instant",
                value=float(f"{value:.6g}"),
                unit=unit_of(name),
                formula="fit(in_flight, load)",
                inputs={"in_flight": seen.id},
                as_of=survey.world.clock.now(),
                source=f"scalability law: contention {found.contention:.3g}, coherency {found.coherency:.3g}",
            )
