"""Minimal cut sets of order one and two: the smallest losses that take a journey down.

A graph's articulation points are the wrong model: they know neither "all of these" nor "k of these", and miss whatever
stands outside the graph (a certificate, a zone, a vendor).
"""

from itertools import combinations
from typing import NamedTuple

from infra_maintainer.topology.model import Topology

Cut = tuple[str, ...]


class CutSets(NamedTuple):
    """Single points and pairs that take the journey down; `degrading`: single losses that are felt and do not."""

    journey: str
    single: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    degrading: dict[str, tuple[str, ...]]


def down(topology: Topology, failed: frozenset[str]) -> set[str]:
    """The services that are down when `failed` instances, attributes and shared things are gone. A cycle is down."""
    state: dict[str, bool] = {}
    return {name for name in topology.services if _is_down(topology, name, failed, state)}


def _is_down(topology: Topology, name: str, failed: frozenset[str], state: dict[str, bool]) -> bool:
    if name in state:
        return state[name]
    state[name] = True  # while it is being judged: a service that needs itself never comes up
    node = topology.services[name]
    carried = any(name in services for thing, services in topology.shared.items() if thing in failed)
    alive = sum(1 for instance in node.instances if not ({instance} | topology.attributes[instance]) & failed)
    starved = bool(node.instances) and alive < node.minimum
    state[name] = carried or starved or any(_is_down(topology, need, failed, state) for need in node.needs)
    return state[name]


def cut_sets(topology: Topology, journey: str) -> CutSets:
    """Every single point and every minimal pair of the journey, by name."""
    wanted = topology.journeys[journey]
    pruned = _needed(topology, wanted)
    atoms = _atoms(pruned)
    hit = {atom: down(pruned, frozenset((atom,))) for atom in atoms}
    single = tuple(atom for atom in atoms if hit[atom] & set(wanted))
    rest = [atom for atom in atoms if atom not in single]
    pairs = tuple(
        (first, second)
        for first, second in combinations(rest, 2)
        if down(pruned, frozenset((first, second))) & set(wanted)
    )
    degrading = {atom: tuple(sorted(hit[atom])) for atom in rest if hit[atom]}
    return CutSets(journey, single, pairs, degrading)


def _needed(topology: Topology, wanted: tuple[str, ...]) -> Topology:
    """Only what the journey reaches: the number of pairs grows with the square of what is left."""
    reached: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        waiting += [*topology.services[name].needs, *topology.services[name].likes]
    services = {name: node for name, node in topology.services.items() if name in reached}
    instances = {instance for node in services.values() for instance in node.instances}
    return topology._replace(
        services=services,
        attributes={name: attributes for name, attributes in topology.attributes.items() if name in instances},
        shared={name: carried for name, carried in topology.shared.items() if carried & reached},
    )


def _atoms(topology: Topology) -> list[str]:
    attributes = {each for found in topology.attributes.values() for each in found}
    return sorted({*topology.attributes, *topology.shared, *attributes})
