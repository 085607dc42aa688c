"""An estate of rented things made by code: half of them waste, half of them traps that look exactly as idle.

Each row starts as the waste of its kind, with every guard looked at and clear; a trap differs in the one fact that
makes it worth its price. The traps are those that users of other tools lost production to.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from infra_maintainer.estate.dossier import Known
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.vocabulary import unit_of

AS_OF = datetime(2026, 11, 24, tzinfo=UTC)
WINDOW_S = 93 * 86400.0
USE = {
    "resource.cpu", "resource.memory", "resource.network", "resource.network_peak", "resource.disk_operations",
    "resource.connections", "resource.inbound", "resource.requests", "resource.hits", "resource.replication",
    "resource.guard.burst", "resource.guard.schedule",
}  # fmt: skip
BILL = {"resource.cost", "resource.covered"}
OWNER = {"resource.guard.kept", "resource.guard.compliance", "resource.over_retention"}


class Row(NamedTuple):
    """One resource, what it is to be called, and the guard that must be named when it is protected."""

    name: str
    kind: str
    expected: str
    guard: str | None
    facts: dict[str, Any]


def clear(*guards: str) -> dict[str, Any]:
    """Guards that were looked at and said no."""
    return {f"resource.guard.{name}": False for name in guards}


ALONE = {"resource.attached": 0, "resource.idle_time": 120}
SMALLER = {
    "resource.smaller.cost": 60.0, "resource.vcpus": 8, "resource.smaller.vcpus": 4, "resource.ram": 32 << 30,
    "resource.smaller.ram": 16 << 30, "resource.bandwidth": 1.25e9, "resource.smaller.bandwidth": 6.25e8,
}  # fmt: skip
IDLE = {
    "resource.running": True, "resource.cpu": 2.5, "resource.network": 900_000, "resource.disk_operations": 0.2,
    "resource.inbound": 0, **clear("group_member", "standby", "failover_address", "schedule", "burst"),
}  # fmt: skip
BIG = {
    "resource.running": True, "resource.cpu": 20, "resource.memory": 18, "resource.network_peak": 4,
    "resource.network": 9e9, "resource.disk_operations": 40, "resource.peers": 4, "resource.inbound": 7, **SMALLER,
    **clear("group_member", "standby", "failover_address", "schedule", "burst", "replica"),
}  # fmt: skip
EMPTY = {"resource.running": True, "resource.connections": 0, "resource.replication": 0}
BASE: dict[str, dict[str, Any]] = {
    "volume": {**ALONE, **clear("kubernetes", "replication_disk", "backup_plan")},
    "cluster_volume": {**ALONE, **clear("kubernetes", "replication_disk", "backup_plan")},
    "snapshot": {
        "resource.over_retention": True, "resource.newer_copies": 40,
        **clear("only_copy", "image", "launch_template", "shared", "backup_plan", "compliance"),
    },
    "image": {
        "resource.over_retention": True, "resource.newer_copies": 6,
        **clear("only_copy", "image", "launch_template", "shared", "backup_plan", "compliance"),
    },
    "address": {**ALONE, **clear("dns", "failover_address")},
    "load_balancer": {"resource.requests": 0, **clear("dns", "group_member", "standby")},
    "nat_gateway": {"resource.network": 0, **clear("route_table", "standby")},
    "vpn": {"resource.network": 0, **clear("route_table", "standby")},
    "private_endpoint": {"resource.network": 0, **clear("route_table", "standby")},
    "stopped": {
        "resource.running": False, "resource.idle_time": 200, **clear("group_member", "standby", "burst", "schedule"),
    },
    "idle": IDLE,
    "big": BIG,
    "database": {**EMPTY, **clear("replica", "standby", "burst")},
    "cache": {"resource.hits": 0, "resource.replication": 0, **clear("replica", "standby")},
    "search": {"resource.hits": 0, "resource.replication": 0, **clear("replica", "standby")},
    "warehouse": {"resource.hits": 0, "resource.replication": 0, **clear("replica", "standby")},
    "bucket": {
        "resource.lifecycle": False, "resource.stale_bytes": 8e11, **clear("object_lock", "replica", "compliance"),
    },
    "log_group": {"resource.endless": True, **clear("compliance")},
    "repository": {"resource.idle_time": 300, **clear("deployed")},
    "workload": {"resource.network": 0, **clear("schedule", "group_member", "burst")},
    "reservation": {**ALONE, **clear("capacity_guarantee")},
}  # fmt: skip
KIND = {"stopped": "instance", "idle": "instance", "big": "instance"}


def row(name: str, base: str, expected: str = "waste", guard: str | None = None, **changes: Any) -> Row:
    """A resource of a base, with the facts that differ; a guard's name alone means that this guard says yes."""
    facts = {
        "resource.cost": 100.0, "resource.covered": 0.0, "resource.age": 400, "resource.tags": {"env": "dev"},
        **clear("kept", "hold"), **BASE[base],
    }  # fmt: skip
    if guard and f"resource.guard.{guard}" in facts:
        facts[f"resource.guard.{guard}"] = True
    facts |= {f"resource.{key.replace('__', '.')}": value for key, value in changes.items()}
    return Row(name, KIND.get(base, base), expected, guard, facts)


WASTE = [
    row("vol-01", "volume"), row("vol-02", "volume", age=60, idle_time=60, cost=11.0),
    row("vol-03", "volume", tags={"owner": "team-a"}), row("vol-04", "volume", tags={"keep-until": "2026-01-31"}),
    row("vol-05", "volume", cost=480.0), row("pv-01", "cluster_volume"),
    row("snap-01", "snapshot"), row("snap-02", "snapshot", age=900), row("snap-03", "snapshot", newer_copies=2),
    row("ami-01", "image"),
    row("eip-01", "address", idle_time=300), row("eip-02", "address", idle_time=31), row("eip-03", "address", tags={}),
    row("lb-01", "load_balancer"), row("lb-02", "load_balancer", tags={"purpose": "test"}),
    row("nat-01", "nat_gateway"), row("nat-02", "nat_gateway", cost=33.0), row("vpn-01", "vpn"),
    row("vpce-01", "private_endpoint"),
    row("i-01", "stopped"), row("i-02", "stopped", idle_time=45), row("i-03", "stopped", tags={"role": "none"}),
    row("i-04", "idle"), row("i-05", "idle", cpu=4.9), row("i-06", "idle", cost=700.0), row("i-07", "idle", network=0),
    row("db-01", "database"), row("db-02", "database", cost=260.0), row("db-03", "database", age=45),
    row("cache-01", "cache"), row("cache-02", "cache"), row("search-01", "search"), row("wh-01", "warehouse"),
    row("deploy-01", "workload"), row("deploy-02", "workload"),
    row("i-08", "big"), row("i-09", "big", peers=3, cpu=18, memory=22),
    row("i-10", "big", "review", peers=1, cpu=25, memory=30),
    row("bucket-01", "bucket", "review"), row("logs-01", "log_group", "review"),
    row("repo-01", "repository", "review"), row("cr-01", "reservation", "review"),
]  # fmt: skip

TRAPS = [
    row("vol-11", "volume", "protected", "replication_disk"), row("vol-12", "volume", "protected", "kubernetes"),
    row("vol-13", "volume", "protected", "hold"), row("vol-14", "volume", "protected", "backup_plan"),
    row("vol-15", "volume", "protected", "tag", tags={"keep-until": "2027-06-30"}),
    row("vol-16", "volume", "protected", "young", age=5, idle_time=40), row("vol-17", "volume", "protected", "kept"),
    row("snap-11", "snapshot", "protected", "only_copy"), row("snap-12", "snapshot", "protected", "image"),
    row("snap-13", "snapshot", "protected", "shared"), row("snap-14", "snapshot", "protected", "compliance"),
    row("ami-11", "image", "protected", "launch_template"),
    row("eip-11", "address", "protected", "dns"), row("eip-12", "address", "protected", "failover_address"),
    row("lb-11", "load_balancer", "protected", "dns"), row("lb-12", "load_balancer", "protected", "group_member"),
    row("lb-13", "load_balancer", "protected", "tag", tags={"dr": "region-b"}),
    row("nat-11", "nat_gateway", "protected", "route_table"), row("vpn-11", "vpn", "protected", "standby"),
    row("i-21", "stopped", "protected", "tag", tags={"purpose": "pilot light"}),
    row("i-22", "stopped", "protected", "burst"), row("i-23", "idle", "protected", "burst"),
    row("i-24", "idle", "protected", "inbound", inbound=3), row("i-25-bastion", "idle", "protected", "name"),
    row("prometheus-1", "idle", "protected", "name"), row("i-26", "idle", "protected", "failover_address"),
    row("i-27", "idle", "protected", "group_member"), row("i-28", "idle", "protected", "schedule"),
    row("i-29", "idle", "protected", "standby"),
    row("db-11", "database", "protected", "replica"),
    row("db-12", "database", "protected", "replication", replication=9e8),
    row("db-13", "database", "protected", "burst"), row("db-14", "database", "protected", "standby"),
    row("cache-11", "cache", "protected", "standby"),
    row("cache-12", "cache", "protected", "replication", replication=5e6),
    row("deploy-11", "workload", "protected", "schedule"), row("bucket-11", "bucket", "protected", "object_lock"),
    row("logs-11", "log_group", "protected", "compliance"), row("repo-11", "repository", "protected", "deployed"),
    row("cr-11", "reservation", "protected", "capacity_guarantee"),
    row("i-31", "big", "protected", "headroom", peers=2, cpu=38),
    row("i-32", "big", "protected", "headroom", memory=70),
    row("i-33", "big", "protected", "replica"),
]  # fmt: skip
ESTATE = WASTE + TRAPS


def evidence_of(estate: list[Row], without: frozenset[str] = frozenset()) -> list[Known]:
    """The estate as evidence, without some quantities."""
    return [
        record(each.name, each.kind, quantity, value)
        for each in estate
        for quantity, value in {"resource.kind": each.kind, **each.facts}.items()
        if quantity not in without
    ]


def record(name: str, kind: str, quantity: str, value: Any) -> Measured:
    """One record as a source writes it: outside text only as quotes."""
    unit = unit_of(quantity)
    quote = json.dumps(value) if quantity == "resource.tags" else name if quantity == "resource.kind" else None
    return Measured(
        subject=f"resource:{name}",
        quantity=quantity,
        stat="instant",
        value=len(value) if quantity == "resource.tags" else value,
        unit="USD" if unit == "money" else unit,
        window=WINDOW_S if quantity in USE else None,
        as_of=AS_OF,
        source="fixture",
        quote=quote,
    )
