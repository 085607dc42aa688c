"""Single points of failure of a known system, and against trying every loss."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_maintainer.system.load import parse_system
from infra_maintainer.topology.cut_sets import cut_sets, down
from infra_maintainer.topology.model import Node, Topology, topology_of

SHOP = """
[[service]]
name = "web"
depends_on = ["api", "cdn"]
[[service]]
name = "api"
depends_on = ["db", "cache?", "auth"]
[[service]]
name = "db"
failover = "manual"
[[service]]
name = "cache"
[[service]]
name = "auth"
depends_on = ["idp"]
[[service]]
name = "idp"
[[service]]
name = "cdn"
[[service]]
name = "queue"
depends_on = ["db"]
minimum = 2
[[service]]
name = "pay"
depends_on = ["api", "queue"]
[[shared]]
name = "*.example.org"
kind = "certificate"
carries = ["web", "api"]
[[shared]]
name = "lb1"
kind = "load_balancer"
carries = ["web"]
[[shared]]
name = "route53"
kind = "dns"
carries = ["web", "api"]
[[user_journey]]
name = "checkout"
services = ["web", "api", "pay"]
"""
INSTANCES = {
    "web": ("web1:a:1", "web2:b:1"),
    "api": ("api1:a:1", "api2:c:2"),
    "db": ("pg1:d:1", "pg2:e:2"),
    "cache": ("redis1:a:1",),
    "queue": ("w1:c:2", "w2:f:2", "w3:g:1"),
}


def shop() -> str:
    """The sample system of the recovery reference as infra.toml."""
    rows = [
        f'[[instance]]\nname = "{name}"\nservice = "{service}"\nhost = "{host}"\nzone = "{zone}"\n'
        for service, found in INSTANCES.items()
        for name, host, zone in (each.split(":") for each in found)
    ]
    auth = '[[instance]]\nname = "{0}-auth"\nservice = "auth"\nhost = "{1}"\nzone = "{2}"\n'
    rows += [auth.format("api1", "a", "1"), auth.format("api2", "c", "2")]
    rows += [
        f'[[instance]]\nname = "{n}"\nservice = "{s}"\nvendor = "{n}"\n' for n, s in (("okta", "idp"), ("cf", "cdn"))
    ]
    return SHOP + "".join(rows)


def test_the_single_points_of_a_known_shop_are_found() -> None:
    """Certificate, names, balancer, identity and zones stand outside any graph of the services."""
    found = cut_sets(topology_of(parse_system(shop())), "checkout")
    assert set(found.single) == {
        "certificate:*.example.org", "cf", "dns:route53", "load_balancer:lb1", "okta",
        "vendor:cf", "vendor:okta", "zone:1", "zone:2",
    }  # fmt: skip


def test_a_lost_cache_only_degrades() -> None:
    """An optional need is felt and takes nothing down."""
    found = cut_sets(topology_of(parse_system(shop())), "checkout")
    assert found.degrading["redis1"] == ("cache",)
    assert "redis1" not in {name for pair in found.pairs for name in pair}


def test_pairs_are_minimal() -> None:
    """No pair holds a single point; both databases, by instance or host, are one."""
    found = cut_sets(topology_of(parse_system(shop())), "checkout")
    assert not {name for pair in found.pairs for name in pair} & set(found.single)
    assert {("pg1", "pg2"), ("host:e", "pg1"), ("host:d", "host:e"), ("host:d", "pg2")} <= set(found.pairs)


def test_a_service_that_needs_itself_is_down() -> None:
    """A cycle never comes up, and does not hang us."""
    circle = Node(needs=("a",), likes=(), instances=(), minimum=1, failover=None)
    assert down(Topology({"a": circle}, {}, {}, {"j": ("a",)}), frozenset()) == {"a"}


def test_a_need_that_nobody_declared_is_refused() -> None:
    """It would otherwise pass for satisfied."""
    with pytest.raises(ValueError, match="'ghost', which is not declared"):
        topology_of(parse_system('[[service]]\nname = "web"\ndepends_on = ["ghost"]\n'))


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Small layered systems: a service needs only later ones, so that none is down by itself."""
    names = [f"s{i}" for i in range(draw(st.integers(2, 5)))]
    services, attributes = {}, {}
    for position, name in enumerate(names):
        instances = tuple(f"{name}i{i}" for i in range(draw(st.integers(1, 3))))
        later = names[position + 1 :]
        needs = tuple(draw(st.lists(st.sampled_from(later), unique=True, max_size=2))) if later else ()
        services[name] = Node(needs, (), instances, draw(st.integers(1, len(instances))), None)
        for instance in instances:
            attributes[instance] = frozenset({f"host:{draw(st.sampled_from('ab'))}"})
    shared = {"cert": frozenset(draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))}
    return Topology(services, attributes, shared, {"j": (names[0],)})


@settings(max_examples=60, deadline=None)
@given(topologies())
def test_every_single_point_and_pair_is_what_trying_all_losses_finds(topology: Topology) -> None:
    """Against a plain search over the whole system, without pruning."""
    atoms = sorted(
        {*topology.attributes, *topology.shared, *(a for each in topology.attributes.values() for a in each)}
    )
    broken = {
        frozenset(loss)
        for size in (1, 2)
        for loss in combinations(atoms, size)
        if "s0" in down(topology, frozenset(loss))
    }
    minimal = {loss for loss in broken if not any(other < loss for other in broken)}
    found = cut_sets(topology, "j")
    assert {frozenset((each,)) for each in found.single} | {frozenset(each) for each in found.pairs} == minimal
