"""What makes an idle thing worth its price. A resource is waste only when each guard of its rule was looked at and
said no.

Strongest first: structure (it is a replica, it is routed to), declaration (a tag, a word in its name, the owner's
list), time (it is young, it was busy once this year), behaviour (someone connects, it replicates).
"""

import re
from datetime import date, datetime
from typing import NamedTuple

from infra_maintainer.estate.dossier import Dossier

# Each yes/no guard: the quantity `resource.guard.NAME`, and what keeping the thing buys.
BUYS: dict[str, str] = {
    "kept": "the owner keeps it on purpose",
    "hold": "evidence under a legal or forensic hold",
    "kubernetes": "the storage of a cluster's workload",
    "replication_disk": "the target of a disaster-recovery replication",
    "only_copy": "the only copy of its data",
    "image": "machines that are started from it",
    "launch_template": "machines that will be started from it",
    "shared": "another account's use of it",
    "backup_plan": "the restores that the backup plan promises",
    "dns": "an address that names point to",
    "failover_address": "the address that moves when a machine fails",
    "route_table": "the way out of its zone without crossing another",
    "standby": "the second one when the first fails",
    "replica": "a copy of the data that can take over or take reads",
    "group_member": "its share of a group that survives the loss of one",
    "schedule": "work that runs on a timetable",
    "burst": "work that comes once in a month, a quarter or a year",
    "object_lock": "backups that ransomware cannot change",
    "capacity_guarantee": "machines that are there when the other region is gone",
    "deployed": "the images of the releases that run or can be rolled back to",
    "compliance": "a retention that somebody is obliged to keep",
}
WORDS = frozenset(
    "failover bastion prometheus grafana alertmanager monitoring legal vault standby backup dr recovery license licence"
    " escrow hold".split()
)
TAG_KEYS = frozenset({"role", "purpose", "dr", "backup", "standby"})
NO_WORDS = frozenset({"", "no", "none", "false", "n/a", "-", "test", "dev", "unknown"})
YOUNG_DAYS = 30


class Hit(NamedTuple):
    """A guard that says yes: its name, what keeping the thing buys, the quantities that say so."""

    guard: str
    buys: str
    quantities: tuple[str, ...]


class Guarded(NamedTuple):
    """Which guards said yes, which said no, and which quantities nobody looked at."""

    hits: list[Hit]
    clear: list[str]
    unknown: list[str]


def guard(dossier: Dossier, names: tuple[str, ...], as_of: datetime) -> Guarded:
    """Ask every guard of a rule, and those that every rule has: age, tags and words, the owner's list, holds."""
    result = Guarded([], [], [])
    for name in dict.fromkeys(("kept", "hold", *names)):
        if name in ("inbound", "replication"):
            _behaviour(dossier, name, result)
            continue
        quantity = f"resource.guard.{name}"
        flag = dossier.flag(quantity)
        if flag is None:
            result.unknown.append(quantity)
        elif flag:
            result.hits.append(Hit(name, BUYS[name], (quantity,)))
        else:
            result.clear.append(name)
    _declared(dossier, result, as_of.date())
    _age(dossier, result)
    return result


def _declared(dossier: Dossier, result: Guarded, today: date) -> None:
    tags = dossier.tags
    if tags is None:
        result.unknown.append("resource.tags")
    words = {word for word in re.split(r"[^a-z0-9]+", dossier.name.lower()) if word}
    named = sorted(words & WORDS)
    if named:
        result.hits.append(Hit("name", f"what its name says: {', '.join(named)}", ("resource.kind",)))
    for key, value in (tags or {}).items():
        until = _date(value) if key in ("keep-until", "keep_until") else None
        if until is not None and until < today:
            continue
        says_so = key in TAG_KEYS and value.lower() not in NO_WORDS
        if says_so or key in ("keep-until", "keep_until") or WORDS & set(re.split(r"[^a-z0-9]+", value.lower())):
            result.hits.append(Hit("tag", f"what its tag {key!r} declares", ("resource.tags",)))
            return
    if tags is not None and not named:
        result.clear.append("tags and name")


def _age(dossier: Dossier, result: Guarded) -> None:
    age = dossier.number("resource.age")
    if age is None:
        result.unknown.append("resource.age")
    elif age < YOUNG_DAYS:
        result.hits.append(Hit("young", "something new that is not in use yet", ("resource.age",)))
    else:
        result.clear.append("young")


def _behaviour(dossier: Dossier, name: str, result: Guarded) -> None:
    quantity = f"resource.{name}"
    value = dossier.number(quantity)
    buys = {"inbound": "those who connect to it", "replication": "the data that is replicated to it"}[name]
    if value is None:
        result.unknown.append(quantity)
    elif value > 0:
        result.hits.append(Hit(name, buys, (quantity,)))
    else:
        result.clear.append(name)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
