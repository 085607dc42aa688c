"""Percentiles, exact and honest about how many samples they need."""

import math
from collections.abc import Sequence

SHARES: dict[str, float] = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p99.5": 0.995}


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ascending values: the smallest value that at least `share` of them do not exceed.

    No interpolation: the result is a value that was observed. Raises ValueError without values.
    """
    if not ordered:
        raise ValueError("a percentile of nothing is not a number")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def samples_needed(share: float) -> int:
    """Samples that make a percentile worth its name: twenty beyond it, n >= 20 / (1 - p)."""
    return math.ceil(20 / (1 - share) - 1e-9)
