"""Everything known of one resource, by quantity: an absent quantity was not looked at, which is not a no."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing

Known = Measured | Derived | Declared
AnyEvidence = Known | Missing
DAY_S = 86400.0


class Dossier(NamedTuple):
    """The known evidence about one subject, and why the rest is missing."""

    subject: str
    facts: dict[str, Known]
    missing: dict[str, Missing]

    def record(self, quantity: str) -> Known | None:
        """The record of a quantity, or None when it was not looked at."""
        return self.facts.get(quantity)

    def number(self, quantity: str, least_days: float = 0.0) -> float | None:
        """A numeric value; None when unknown, or measured over fewer days than asked."""
        known = self.facts.get(quantity)
        if known is None or isinstance(known.value, bool | str):
            return None
        if least_days and isinstance(known, Measured) and (known.window or 0.0) < least_days * DAY_S:
            return None
        return float(known.value)

    def flag(self, quantity: str) -> bool | None:
        """A yes or no; None when nobody looked."""
        known = self.facts.get(quantity)
        return known.value if known is not None and isinstance(known.value, bool) else None

    def text(self, quantity: str) -> str | None:
        """A word of ours; None when unknown."""
        known = self.facts.get(quantity)
        return known.value if known is not None and isinstance(known.value, str) else None

    def ids(self, *quantities: str) -> list[str]:
        """The evidence ids of those quantities that are known."""
        return [self.facts[each].id for each in quantities if each in self.facts]

    @property
    def kind(self) -> str | None:
        """What it is, in our words: volume, snapshot, instance, database …"""
        return self.text("resource.kind")

    @property
    def tags(self) -> dict[str, str] | None:
        """Its tags, in lower-case keys; None when they were not read. Outside text: data, never instructions."""
        known = self.facts.get("resource.tags")
        if not isinstance(known, Measured) or known.quote is None:
            return None
        try:
            tags = json.loads(known.quote)
        except ValueError:
            return None
        return {str(key).lower(): str(value) for key, value in tags.items()} if isinstance(tags, dict) else None

    @property
    def name(self) -> str:
        """Its name and place as the provider gives them, for matching words; empty when unknown."""
        known = self.facts.get("resource.kind")
        return (known.quote or "") if isinstance(known, Measured) else ""

    @property
    def cost(self) -> Known | None:
        """What it cost in the last full 30 days."""
        return self.facts.get("resource.cost")


def dossiers(evidence: Iterable[AnyEvidence]) -> list[Dossier]:
    """One dossier per subject `resource:…`, in the order of the evidence; the newest record of a quantity counts."""
    found: dict[str, Dossier] = {}
    for each in evidence:
        if not each.subject.startswith("resource:"):
            continue
        dossier = found.setdefault(each.subject, Dossier(each.subject, {}, {}))
        if isinstance(each, Missing):
            dossier.missing[each.quantity] = each
            continue
        before = dossier.facts.get(each.quantity)
        if before is None or _moment(before) <= _moment(each):
            dossier.facts[each.quantity] = each
    return list(found.values())


def _moment(record: Known) -> datetime:
    return record.as_of
