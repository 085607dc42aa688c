"""The declared system as an and/or structure: a service needs all its services, each satisfied by k of n instances."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from infra_maintainer.system.system import System


class Node(NamedTuple):
    """A service: what it needs, what it may lack, its instances, how many must live."""

    needs: tuple[str, ...]
    likes: tuple[str, ...]
    instances: tuple[str, ...]
    minimum: int
    failover: Literal["manual", "automatic"] | None


class Topology(NamedTuple):
    """Services by name, attributes (host, zone, vendor) by instance, shared things with what they carry, journeys."""

    services: dict[str, Node]
    attributes: dict[str, frozenset[str]]
    shared: dict[str, frozenset[str]]
    journeys: dict[str, tuple[str, ...]]


def topology_of(system: System) -> Topology:
    """The structure that infra.toml declares. A service with a journey of its own is a journey by its name.

    Raises ValueError for a name that is used and not declared: an unknown need must not pass for a satisfied one.
    """
    names = {service.name for service in system.service}
    instances: dict[str, list[str]] = {name: [] for name in names}
    for instance in system.instance:
        _require(instance.service, names, f"instance {instance.name}")
        instances[instance.service].append(instance.name)
    services = {
        service.name: Node(
            needs=tuple(name for name in service.depends_on if not name.endswith("?")),
            likes=tuple(name.removesuffix("?") for name in service.depends_on if name.endswith("?")),
            instances=tuple(instances[service.name]),
            minimum=service.minimum,
            failover=service.failover,
        )
        for service in system.service
    }
    for name, node in services.items():
        for other in (*node.needs, *node.likes):
            _require(other, names, f"service {name}")
    for shared in system.shared:
        for carried in shared.carries:
            _require(carried, names, f"shared {shared.name}")
    journeys: dict[str, tuple[str, ...]] = {each.name: (each.name,) for each in system.service if each.journey}
    journeys |= {journey.name: tuple(journey.services) for journey in system.user_journey}
    for journey, needed in journeys.items():
        for name in needed:
            _require(name, names, f"journey {journey}")
    return Topology(
        services=services,
        attributes={
            instance.name: frozenset(
                f"{kind}:{value}"
                for kind, value in (("host", instance.host), ("zone", instance.zone), ("vendor", instance.vendor))
                if value
            )
            for instance in system.instance
        },
        shared={f"{shared.kind}:{shared.name}": frozenset(shared.carries) for shared in system.shared},
        journeys=journeys,
    )


def _require(name: str, names: Iterable[str], where: str) -> None:
    if name not in names:
        raise ValueError(f"{where} names the service {name!r}, which is not declared")
