"""The evidence of one run, as checks ask for it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.assess.model import Severity, Unknown
from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing, Stat

AnyEvidence = Measured | Derived | Declared | Missing
Known = Measured | Derived | Declared


class Number(NamedTuple):
    """A numeric value with the record it comes from."""

    value: float
    record: Known

    @property
    def id(self) -> str:
        """The evidence id."""
        return self.record.id

    @property
    def subject(self) -> str:
        """What it is about."""
        return self.record.subject


class Facts:
    """An index over evidence by quantity, subject and statistic."""

    def __init__(self, evidence: list[AnyEvidence]) -> None:
        self.evidence = evidence
        self._known: dict[str, list[Known]] = defaultdict(list)
        self._missing: dict[str, list[Missing]] = defaultdict(list)
        for each in evidence:
            if isinstance(each, Missing):
                self._missing[each.quantity].append(each)
            else:
                self._known[each.quantity].append(each)

    def all(self, quantity: str, subject: str | None = None, stat: Stat | None = None) -> list[Known]:
        """Everything known of a quantity, in the order it was gathered."""
        return [
            each
            for each in self._known[quantity]
            if (subject is None or each.subject == subject)
            and (stat is None or (not isinstance(each, Declared) and each.stat == stat))
        ]

    def one(self, quantity: str, subject: str | None = None, stat: Stat | None = None) -> Known | None:
        """The latest known record of a quantity, or None."""
        found = self.all(quantity, subject, stat)
        return max(found, key=lambda each: each.as_of) if found else None

    def numbers(self, quantity: str, subject: str | None = None, stat: Stat | None = None) -> list[Number]:
        """The numeric values of a quantity."""
        found = self.all(quantity, subject, stat)
        return [Number(float(each.value), each) for each in found if isinstance(each.value, int | float)]

    def number(self, quantity: str, subject: str | None = None, stat: Stat | None = None) -> Number | None:
        """The latest numeric value of a quantity, or None."""
        found = self.numbers(quantity, subject, stat)
        return max(found, key=lambda each: each.record.as_of) if found else None

    def subjects(self, quantity: str) -> list[str]:
        """Every subject of which this quantity is known, in order."""
        return list(dict.fromkeys(each.subject for each in self._known[quantity]))

    def missing(self, quantity: str, subject: str | None = None) -> list[Missing]:
        """Why a quantity is not known."""
        return [each for each in self._missing[quantity] if subject is None or each.subject == subject]

    def unknowns(
        self,
        quantity: str,
        code: str,
        says: str,
        could_be: Severity,
        *,
        policy: str | None = None,
        user_facing: bool = False,
    ) -> Iterator[Unknown]:
        """One Unknown for each subject of which the quantity is missing and nowhere known; `{name}` in `says` is it."""
        known = set(self.subjects(quantity))
        for each in self._missing[quantity]:
            if each.subject in known:
                continue
            yield Unknown(
                code=code,
                subject=each.subject,
                says=says.replace("{name}", each.subject.partition(":")[2]),
                evidence=[each.id],
                policy=policy,
                quantity=quantity,
                why=each.why,
                detail=each.detail,
                how=each.how,
                could_be=could_be,
                user_facing=user_facing,
            )
