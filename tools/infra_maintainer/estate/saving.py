"""What the invoice will drop by: after commitments, in one currency, without counting one thing twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from infra_maintainer.estate.dossier import Dossier
from infra_maintainer.estate.verdict import ORDER, Verdict
from infra_maintainer.evidence.model import Frozen


class Rates(NamedTuple):
    """What decides whether a covered resource saves anything: per currency, open list cost and the usual discount."""

    open_list: Mapping[str, float]
    discount: Mapping[str, float]


class Totals(Frozen):
    """The three sums of one currency, per 30 days; never one. Unknown spend stands beside them, not in them."""

    currency: str
    safe_to_act_low: float
    safe_to_act_high: float
    needs_owner_low: float
    needs_owner_high: float
    protected_spend: float
    unknown_spend: float


def covered_saving(effective: float, uncovered_list: float, discount: float) -> float:
    """What removing usage that a commitment pays really saves: only what other usage can take over.

    `effective` is its cost, `uncovered_list` the list cost of other usage that the same commitment could cover,
    `discount` the commitment's (0..1).
    """
    return max(0.0, min(effective, uncovered_list * (1 - discount)))


def saving(dossier: Dossier, rates: Rates, cut: float | None = None) -> tuple[float, float]:
    """From least to most what 30 days cost less without the resource, or with `cut` less of it (money)."""
    cost = dossier.cost
    if cost is None or isinstance(cost.value, str):
        return 0.0, 0.0
    whole = float(cost.value)
    wanted = whole if cut is None else min(cut, whole)
    covered = dossier.number("resource.covered")
    if covered is None:  # a commitment may pay all of it: then nothing is saved
        return 0.0, wanted
    own = max(0.0, wanted - min(whole, covered))
    rest = wanted - own
    return own, own + covered_saving(rest, rates.open_list.get(cost.unit, 0.0), rates.discount.get(cost.unit, 0.0))


def without_overlaps(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Of the actions on one thing the first: clean up, right-size, schedule, commit; waste before review."""
    best: dict[str, Verdict] = {}
    for each in verdicts:
        if each.verdict not in ("waste", "review"):
            continue
        before = best.get(each.overlap_group)
        if before is None or _rank(each) < _rank(before):
            best[each.overlap_group] = each
    return list(best.values())


def totals(verdicts: list[Verdict]) -> list[Totals]:
    """The sums per currency. A resource counts once: as an action, else as protected, else as unknown."""
    actions = without_overlaps(verdicts)
    acted = {each.overlap_group for each in actions}
    protected = {each.resource: each for each in verdicts if each.verdict == "protected" and each.resource not in acted}
    unknown = {
        each.resource: each
        for each in verdicts
        if each.verdict == "unknown" and each.resource not in acted and each.resource not in protected
    }
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for each in actions:
        kind = "safe_to_act" if each.verdict == "waste" else "needs_owner"
        sums[each.currency or "none"][f"{kind}_low"] += each.saving_low
        sums[each.currency or "none"][f"{kind}_high"] += each.saving_high
    for name, group in (("protected_spend", protected), ("unknown_spend", unknown)):
        for each in group.values():
            if each.monthly_cost is not None and each.currency is not None:
                sums[each.currency][name] += each.monthly_cost
    fields = [name for name in Totals.model_fields if name != "currency"]
    return [
        Totals.model_validate({"currency": currency, **{name: round(parts.get(name, 0.0), 2) for name in fields}})
        for currency, parts in sorted(sums.items())
    ]


def _rank(verdict: Verdict) -> tuple[int, int]:
    return (0 if verdict.verdict == "waste" else 1, ORDER[verdict.order])
