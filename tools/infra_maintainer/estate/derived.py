"""Savings and their sums as derived evidence, so that each can be recomputed from the costs it is made of."""

from collections.abc import Iterator, Sequence

from infra_maintainer.estate.dossier import Known
from infra_maintainer.estate.judged import Estate
from infra_maintainer.estate.saving import without_overlaps
from infra_maintainer.estate.verdict import Verdict
from infra_maintainer.evidence.model import Derived

SOURCE = "arithmetic over the cited evidence"
MOST_TERMS = 25


def derived_savings(estate: Estate, usage: Sequence[Known]) -> list[Derived]:
    """One record per proven saving; per currency the sums: safe to act, owner's decision, protected, unknown.

    `usage` is the usage cost of each bill and currency: what of it an inventory knows is the coverage of all the rest.
    """
    made: list[Derived] = []
    parts: dict[tuple[str, str], list[Derived]] = {}
    for each in without_overlaps(estate.verdicts):
        saved = _saving(estate, each)
        if saved is None:
            continue
        made.append(saved)
        name = "estate.safe_to_act" if each.verdict == "waste" else "estate.needs_owner"
        parts.setdefault((name, saved.unit), []).append(saved)
    costs = _costs(estate)
    for (quantity, currency), records in parts.items():
        made += _sum(quantity, currency, [(each.id, float(each.value)) for each in records], records[0])
    for (quantity, currency), cited in costs.items():
        made += _sum(quantity, currency, [(each.id, float(each.value)) for each in cited], cited[0])
    return made + _known_share(estate, usage)


def _known_share(estate: Estate, usage: Sequence[Known]) -> list[Derived]:
    """Percent of a bill's usage whose resources an inventory knows; only where one bill alone is in its currency."""
    made: list[Derived] = []
    for each in usage:
        if sum(other.unit == each.unit for other in usage) > 1 or float(each.value) <= 0:
            continue
        costs = [
            d.cost for d in estate.dossiers if d.kind is not None and d.cost is not None and d.cost.unit == each.unit
        ]
        if not costs:
            continue
        made += _sum("estate.known", each.unit, [(cost.id, float(cost.value)) for cost in costs], costs[0])
        known = made[-1]
        made.append(
            Derived(
                subject=each.subject,
                quantity="bill.inventory.share",
                stat="ratio",
                value=round(float(known.value) * 100 / float(each.value), 4),
                unit="%",
                formula="known * 100 / usage",
                inputs={"known": known.id, "usage": each.id},
                as_of=each.as_of,
                source=SOURCE,
            )
        )
    return made


def _saving(estate: Estate, verdict: Verdict) -> Derived | None:
    """cost - covered (- smaller); None where a part of it depends on what takes over a commitment."""
    dossier = estate.dossier(verdict.resource)
    if dossier is None or verdict.saving_low <= 0:
        return None
    names = {"cost": "resource.cost"}
    factor = ""
    if dossier.number("resource.covered"):
        names["covered"] = "resource.covered"
    if verdict.order == "right_size":
        names["smaller"] = "resource.smaller.cost"
    if verdict.order == "schedule":
        if "covered" in names:
            return None
        factor = " * 12 / 24"
    records = {name: dossier.record(quantity) for name, quantity in names.items()}
    known = {name: record for name, record in records.items() if record is not None}
    if set(known) != set(names):
        return None
    value = float(known["cost"].value) - sum(float(each.value) for name, each in known.items() if name != "cost")
    if factor:
        value /= 2
    if value <= 0:
        return None
    return Derived(
        subject=verdict.resource,
        quantity="resource.saving",
        stat="sum",
        value=round(value, 4),
        unit=known["cost"].unit,
        formula=" - ".join(known) + factor,
        inputs={name: record.id for name, record in known.items()},
        as_of=known["cost"].as_of,
        source=SOURCE,
    )


def _costs(estate: Estate) -> dict[tuple[str, str], list[Known]]:
    acted = {each.resource for each in without_overlaps(estate.verdicts)}
    found: dict[tuple[str, str], dict[str, Known]] = {}
    words = {each.resource: "protected" for each in estate.verdicts if each.verdict == "protected"}
    for each in estate.verdicts:
        if each.verdict == "unknown":
            words.setdefault(each.resource, "unknown")
    for resource, word in words.items():
        dossier = estate.dossier(resource)
        cost = dossier.cost if dossier else None
        if resource not in acted and cost is not None and not isinstance(cost.value, str):
            found.setdefault((f"estate.{word}", cost.unit), {})[resource] = cost
    return {key: list(group.values()) for key, group in found.items()}


def _sum(quantity: str, currency: str, terms: Sequence[tuple[str, float]], like: Known) -> Iterator[Derived]:
    """The sum, in steps of 25 terms so that each formula stays readable; the last record is the whole."""
    running: tuple[str, float] | None = None
    for start in range(0, len(terms), MOST_TERMS):
        step = ([running] if running else []) + list(terms[start : start + MOST_TERMS])
        names = {f"x{number}": identity for number, (identity, _) in enumerate(step)}
        end = start + MOST_TERMS
        record = Derived(
            subject=f"estate:{currency}" if end >= len(terms) else f"estate:{currency}/first {end}",
            quantity=quantity,
            stat="sum",
            value=round(sum(value for _, value in step), 4),
            unit=currency,
            formula=" + ".join(names),
            inputs=names,
            as_of=like.as_of,
            source=SOURCE,
        )
        running = (record.id, float(record.value))
        yield record
