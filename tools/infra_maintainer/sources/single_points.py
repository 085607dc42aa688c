"""Single points of failure by the declared topology: which one loss takes a user's journey down."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.system import System
from infra_maintainer.topology.cut_sets import cut_sets
from infra_maintainer.topology.model import Topology, topology_of
from infra_maintainer.world.failure import WorldError

HOW = "declare [[service]] with depends_on, [[instance]] with host and zone, [[shared]], [[user_journey]] in infra.toml"
METHOD = "minimal cut sets of order 1 and 2 over the topology of infra.toml"


@source(
    title="single points of failure by the declared topology",
    jobs=("recovery",),
    quantities=("topology.single_points",),
    also=("topology.accepted", "topology.pairs", "topology.services", "topology.single_point", "topology.undescribed"),
    subjects=lambda survey: [f"journey:{name}" for name in _journeys(survey.system)],
    configure=HOW,
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """What is not declared cannot fail in this model, so what is undescribed is counted too."""
    try:
        topology = topology_of(survey.system)
    except ValueError as mistake:
        raise WorldError("not_configured", str(mistake), HOW) from mistake
    yield survey.declared("topology.services", len(topology.services), subject="system:infra.toml")
    bare = sorted(name for name, node in topology.services.items() if not node.instances)
    yield survey.measured(
        "topology.undescribed", len(bare), subject="system:infra.toml", source=METHOD, quote=", ".join(bare)
    )
    for risk in survey.system.accepted_risk:
        until = f", until {risk.until.isoformat()}" if risk.until else ""
        expired = risk.until is not None and risk.until < survey.world.clock.now().date()
        if not expired:
            said = f"{risk.why} (by {risk.by}{until})"
            yield survey.declared("topology.accepted", said, subject=f"point:{risk.subject}")
    points: dict[str, list[str]] = {}
    for journey in topology.journeys:
        found = cut_sets(topology, journey)
        subject = f"journey:{journey}"
        yield survey.measured("topology.single_points", len(found.single), subject=subject, source=METHOD)
        yield survey.measured("topology.pairs", len(found.pairs), subject=subject, source=METHOD)
        for point in found.single:
            points.setdefault(point, []).append(journey)
    for point, journeys in points.items():
        impact = f"{', '.join(journeys)}; {_failover(topology, point)}"
        yield survey.measured("topology.single_point", impact, subject=f"point:{point}", source=METHOD)


def _journeys(system: System) -> list[str]:
    return [each.name for each in system.service if each.journey] + [each.name for each in system.user_journey]


def _failover(topology: Topology, point: str) -> str:
    """How the services on that thing come back, as far as it is declared."""
    services = [
        name
        for name, node in topology.services.items()
        if any(point in ({each} | topology.attributes[each]) for each in node.instances)
        or name in topology.shared.get(point, frozenset())
    ]
    known = sorted({f"{name} {failover}" for name in services if (failover := topology.services[name].failover)})
    return f"failover: {', '.join(known)}" if known else "failover: not declared"
