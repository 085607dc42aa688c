"""Money that should be spent: what is missing redundancy, copies or room, shown before any saving."""

from collections import defaultdict
from collections.abc import Callable
from typing import Literal

from infra_maintainer.estate.dossier import Dossier
from infra_maintainer.evidence.model import Frozen
from infra_maintainer.evidence.show import show

PRODUCTION = frozenset({"prod", "production", "live", "prd"})


class Reverse(Frozen):
    """A risk that costs money to remove. `price` is per 30 days, None where nothing known gives it."""

    code: str
    resource: str
    says: str
    matters: str
    do: str
    severity: Literal["high", "medium"]
    price: float | None
    currency: str | None
    evidence: list[str]


def is_production(dossier: Dossier) -> bool:
    """Tagged as production, explicitly."""
    tags = dossier.tags or {}
    return any(tags.get(key, "").lower() in PRODUCTION for key in ("env", "environment", "stage"))


def reverse_findings(dossiers: list[Dossier], limit: Callable[[str], float]) -> list[Reverse]:
    """Everything that is known to lack what it should have. What is not known is not listed here: it is unknown."""
    found: list[Reverse] = []
    for each in dossiers:
        found += _database(each, limit) if each.kind == "database" else []
        found += _full(each, limit) if each.kind in ("instance", "database") else []
    return found + _gateways(dossiers)


def _database(dossier: Dossier, limit: Callable[[str], float]) -> list[Reverse]:
    found: list[Reverse] = []
    if dossier.flag("resource.guard.replica"):
        return found
    if dossier.flag("resource.guard.standby") is False and is_production(dossier):
        found.append(
            _reverse(
                dossier,
                "no_standby",
                "a production database without a standby",
                "When its zone or machine fails, everybody waits for a restore.",
                "Turn on a standby in another zone; it costs about the database again.",
                "high",
                1.0,
                "resource.guard.standby",
            )
        )
    days, least = dossier.number("resource.backup_retention"), limit("costs.backup_retention.days")
    if days is not None and days < least:
        found.append(
            _reverse(
                dossier,
                "short_backups",
                f"keeps backups for {days:g} d, the floor is {least:g} d",
                "A mistake that is noticed after that cannot be undone.",
                f"Keep backups for at least {least:g} days.",
                "high",
                None,
                "resource.backup_retention",
            )
        )
    return found


def _full(dossier: Dossier, limit: Callable[[str], float]) -> list[Reverse]:
    most = limit("costs.resize.limit")
    return [
        _reverse(
            dossier,
            "too_small",
            f"P99.5 of its {name} is {show(share, '%')}, limit {most:g} %",
            "The next busy hour is slow or fails.",
            "Size it up, or add one.",
            "high",
            None,
            quantity,
        )
        for name, quantity in (("CPU", "resource.cpu"), ("memory", "resource.memory"))
        if (share := dossier.number(quantity)) is not None and share > most
    ]


def _gateways(dossiers: list[Dossier]) -> list[Reverse]:
    """One way out for machines of several zones: the loss of one zone takes the others' way out."""
    ways: dict[str, list[Dossier]] = defaultdict(list)
    for each in dossiers:
        network = each.text("resource.network_id")
        if network is not None and each.kind == "nat_gateway":
            ways[network].append(each)
    return [
        _reverse(
            only,
            "one_gateway_for_many_zones",
            f"the only way out for machines in {zones:g} zones",
            "When its zone fails, the machines of the other zones lose the internet too.",
            "One gateway per zone.",
            "medium",
            zones - 1,
            "resource.zones_served",
        )
        for (only, *others) in ways.values()
        if not others and (zones := only.number("resource.zones_served")) is not None and zones > 1
    ]


def _reverse(
    dossier: Dossier,
    code: str,
    says: str,
    matters: str,
    do: str,
    severity: Literal["high", "medium"],
    times_cost: float | None,
    quantity: str,
) -> Reverse:
    cost = dossier.cost
    known = cost is not None and not isinstance(cost.value, str) and times_cost is not None
    return Reverse(
        code=code,
        resource=dossier.subject,
        says=says,
        matters=matters,
        do=do,
        severity=severity,
        price=round(float(cost.value) * times_cost, 2) if known and cost and times_cost else None,
        currency=cost.unit if known and cost else None,
        evidence=dossier.ids(quantity, "resource.cost"),
    )
