"""Would a smaller size still carry the load when one instance is lost? Only then is the bigger one too big.

After the change each resource's P99.5 is p99.5 x (1 + growth) x n/(n-1) x old capacity / new capacity; it must stay at
or under the policy's limit for CPU, memory and network. A lone machine has no loss of one to survive: n/(n-1) is 1
there.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from infra_maintainer.estate.dossier import Dossier
from infra_maintainer.estate.guards import guard
from infra_maintainer.estate.saving import Rates, saving
from infra_maintainer.estate.unused import LEAST_DAYS, unanswered
from infra_maintainer.estate.verdict import Verdict
from infra_maintainer.evidence.show import show

KINDS = ("instance", "database")
# name, use in % of the present capacity (P99.5), present capacity, capacity of the smaller size
DIMENSIONS = (
    ("CPU", "resource.cpu", "resource.vcpus", "resource.smaller.vcpus"),
    ("memory", "resource.memory", "resource.ram", "resource.smaller.ram"),
    ("network", "resource.network_peak", "resource.bandwidth", "resource.smaller.bandwidth"),
)


def judge_oversized(
    dossiers: Iterable[Dossier], limit: Callable[[str], float], rates: Rates, as_of: datetime
) -> list[Verdict]:
    """A verdict for each running machine or database that has a smaller size to move to."""
    return [
        _judge(dossier, limit, rates, as_of)
        for dossier in dossiers
        if dossier.kind in KINDS
        and dossier.flag("resource.running") is not False
        and dossier.number("resource.smaller.cost") is not None
    ]


def load_after(dossier: Dossier, used: str, now: str, then: str, growth: float, least_days: float) -> float | None:
    """P99.5 in percent of the smaller size, with growth and one instance lost; None when something is not known."""
    share = dossier.number(used, least_days)
    present, smaller, peers = dossier.number(now), dossier.number(then), dossier.number("resource.peers")
    if share is None or present is None or smaller is None or peers is None or smaller <= 0:
        return None
    survivors = peers / (peers - 1) if peers > 1 else 1.0
    return share * (1 + growth / 100) * survivors * present / smaller


def _judge(dossier: Dossier, limit: Callable[[str], float], rates: Rates, as_of: datetime) -> Verdict:
    most, growth, days = limit("costs.resize.limit"), limit("costs.resize.growth"), limit(LEAST_DAYS)
    after = {name: load_after(dossier, used, now, then, growth, days) for name, used, now, then in DIMENSIONS}
    cost = dossier.cost
    amount = float(cost.value) if cost is not None and not isinstance(cost.value, str) else None
    smaller_cost = dossier.number("resource.smaller.cost") or 0.0
    peers = dossier.number("resource.peers")
    quantities = [quantity for _, *rest in DIMENSIONS for quantity in rest]
    verdict = Verdict(
        rule="oversized",
        resource=dossier.subject,
        kind=dossier.kind or "unknown",
        verdict="in_use",
        says="bigger than its load",
        monthly_cost=amount,
        currency=cost.unit if cost is not None else None,
        order="right_size",
        next_step="Change one machine at a time, watch a full week, keep the way back open.",
        reversible="yes: change the size back",
        verify="aws cloudwatch get-metric-statistics --statistics Maximum --dimensions Name=InstanceId,Value=ID",
        evidence=dossier.ids("resource.cost", "resource.smaller.cost", "resource.peers", *quantities),
    )
    over = {name: share for name, share in after.items() if share is not None and share > most}
    if over:
        name, share = max(over.items(), key=lambda item: item[1])
        lost = "with one of its group lost" if peers and peers > 1 else "with the growth until the next review"
        buys = f"headroom: on the smaller size {name} would be at {show(share, '%')} {lost}, limit {most:g} %"
        return verdict.model_copy(update={"verdict": "protected", "guards_hit": ["headroom"], "buys": buys})
    guarded = guard(dossier, ("replica", "standby", "burst"), as_of)
    if guarded.hits:
        return verdict.model_copy(
            update={
                "verdict": "protected",
                "guards_hit": [hit.guard for hit in guarded.hits],
                "buys": guarded.hits[0].buys,
                "evidence": [*verdict.evidence, *dossier.ids(*guarded.hits[0].quantities)],
            }
        )
    gaps = [gap for name, *rest in DIMENSIONS if after[name] is None for gap in _gaps(dossier, rest, days)]
    if amount is None:
        gaps.append("resource.cost")
    gaps += guarded.unknown
    if gaps:
        answers = [unanswered(dossier, each) for each in dict.fromkeys(gaps)]
        return verdict.model_copy(update={"verdict": "unknown", "unanswered": answers})
    low, high = saving(dossier, rates, cut=max(0.0, (amount or 0.0) - smaller_cost))
    return verdict.model_copy(
        update={
            "verdict": "waste" if peers and peers > 1 else "review",
            "saving_low": low,
            "saving_high": high,
            "guards_checked": [*guarded.clear, "headroom"],
            "evidence": [*verdict.evidence, *dossier.ids(*(f"resource.guard.{name}" for name in guarded.clear))],
        }
    )


def _gaps(dossier: Dossier, quantities: list[str], least_days: float) -> list[str]:
    used, *capacities = quantities
    gaps = [] if dossier.number(used, least_days) is not None else [used]
    return gaps + [each for each in (*capacities, "resource.peers") if not dossier.number(each)]
