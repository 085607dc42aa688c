"""The whole estate judged once, from the evidence of one run: verdicts, money that should be spent, and the sums."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from infra_maintainer.estate.dossier import AnyEvidence, Dossier, dossiers
from infra_maintainer.estate.oversized import judge_oversized
from infra_maintainer.estate.reverse import Reverse, reverse_findings
from infra_maintainer.estate.saving import Rates, Totals, totals
from infra_maintainer.estate.schedule import judge_schedule
from infra_maintainer.estate.unused import judge_unused
from infra_maintainer.estate.verdict import Verdict
from infra_maintainer.evidence.model import Missing


class Estate(NamedTuple):
    """What is rented, judged."""

    dossiers: list[Dossier]
    verdicts: list[Verdict]
    reverse: list[Reverse]
    totals: list[Totals]

    def dossier(self, subject: str) -> Dossier | None:
        """One resource's dossier."""
        return next((each for each in self.dossiers if each.subject == subject), None)


def judge_estate(evidence: Sequence[AnyEvidence], limit: Callable[[str], float]) -> Estate:
    """Judge every resource of which the evidence speaks. `limit` gives a policy's number by its id."""
    known = dossiers(evidence)
    rates, as_of = _rates(evidence), _as_of(evidence)
    verdicts = [
        *judge_unused(known, limit, rates, as_of),
        *judge_oversized(known, limit, rates, as_of),
        *judge_schedule(known, rates, as_of),
    ]
    return Estate(known, verdicts, reverse_findings(known, limit), totals(verdicts))


def _rates(evidence: Sequence[AnyEvidence]) -> Rates:
    """Open list cost and discount per currency; the currency stands in the subject, bill:NAME/CURRENCY."""
    open_list: dict[str, float] = {}
    discount: dict[str, float] = {}
    for each in evidence:
        if isinstance(each, Missing) or isinstance(each.value, str):
            continue
        if each.quantity == "bill.commitment.open":
            open_list[each.unit] = float(each.value)
        elif each.quantity == "bill.commitment.discount":
            discount[each.subject.rsplit("/", 1)[-1]] = float(each.value) / 100
    return Rates(open_list, discount)


def _as_of(evidence: Sequence[AnyEvidence]) -> datetime:
    return max((each.as_of for each in evidence), default=datetime.max)
