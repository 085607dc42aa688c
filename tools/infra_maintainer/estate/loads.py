"""What each dimension of a smaller size would carry, as derived evidence: the number that argues against a cut."""

from collections.abc import Iterator
from datetime import datetime

from infra_maintainer.estate.dossier import Dossier
from infra_maintainer.estate.judged import Estate
from infra_maintainer.estate.oversized import DIMENSIONS
from infra_maintainer.evidence.model import Declared, Derived

QUANTITIES = {"CPU": "cpu", "memory": "memory", "network": "network"}


def derived_loads(estate: Estate, growth: float, as_of: datetime) -> list[Declared | Derived]:
    """Percent of the smaller size at P99.5 with growth and the loss of one, for each judged size; and the growth."""
    sized = [each.resource for each in estate.verdicts if each.rule == "oversized" and each.verdict != "unknown"]
    if not sized:
        return []
    rule = Declared(
        subject="estate:policy", quantity="estate.growth", value=growth, unit="%", as_of=as_of,
        source="policy costs.resize.growth",
    )  # fmt: skip
    found: list[Declared | Derived] = [rule]
    for resource in sized:
        dossier = estate.dossier(resource)
        if dossier is not None:
            found += _loads(dossier, rule)
    return found


def _loads(dossier: Dossier, rule: Declared) -> Iterator[Derived]:
    peers = dossier.record("resource.peers")
    for name, *quantities in DIMENSIONS:
        used, now, then = (dossier.record(each) for each in quantities)
        if used is None or now is None or then is None or peers is None or not float(then.value):
            continue
        count = float(peers.value)
        lost = " * peers / (peers - 1)" if count > 1 else ""
        survivors = count / (count - 1) if count > 1 else 1.0
        value = float(used.value) * (1 + float(rule.value) / 100) * survivors * float(now.value) / float(then.value)
        inputs = {"used": used.id, "growth": rule.id, "now": now.id, "smaller": then.id}
        yield Derived(
            subject=dossier.subject,
            quantity=f"resource.load_after.{QUANTITIES[name]}",
            stat="p99.5",
            value=round(value, 3),
            unit="%",
            formula=f"(used + used * growth / 100){lost} * now / smaller",
            inputs=inputs | ({"peers": peers.id} if lost else {}),
            as_of=used.as_of,
            source="arithmetic over the cited evidence",
        )
