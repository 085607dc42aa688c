"""What one more request costs, apart from what is paid anyway: cost = fixed + marginal x requests, robustly.

Theil-Sen: the median of pairwise slopes, without the quarter of pairs that lie closest together. One bad day moves an
ordinary least-squares slope by a fifth and this one hardly.
"""

from collections.abc import Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

LEAST_DAYS = 28
MOST_DAYS = 180


class UnitCost(NamedTuple):
    """Costs per day and per request, in the bill's currency."""

    fixed_per_day: float
    marginal: float
    average: float
    days: int


class Change(NamedTuple):
    """From one period to the next: the average moves with volume, the adjusted change does not."""

    average: float  # percent
    volume_adjusted: float  # percent; what the later period costs against the earlier model at the later volume


def unit_cost(requests: Sequence[float], costs: Sequence[float]) -> UnitCost | None:
    """Fit cost per day over successful requests per day; None with fewer than 28 days or no change in volume.

    At most the last 180 days are used: the pairs grow with the square of the days.
    """
    pairs = [(x, y) for x, y in zip(requests, costs, strict=True) if x > 0][-MOST_DAYS:]
    if len(pairs) < LEAST_DAYS:
        return None
    distances = sorted(
        (abs(a[0] - b[0]), (a[1] - b[1]) / (a[0] - b[0])) for a, b in combinations(pairs, 2) if a[0] != b[0]
    )
    kept = [slope for _, slope in distances[len(distances) // 4 :]]
    if not kept:
        return None
    marginal = median(kept)
    fixed = median(y - marginal * x for x, y in pairs)
    return UnitCost(fixed, marginal, sum(y for _, y in pairs) / sum(x for x, _ in pairs), len(pairs))


def change(before: UnitCost, after: UnitCost, requests_after: float, cost_after: float) -> Change:
    """Change of the average and of the cost at equal volume, both in percent. `cost_after` and requests per day."""
    expected = before.fixed_per_day + before.marginal * requests_after
    return Change(100 * (after.average / before.average - 1), 100 * (cost_after / expected - 1))
