"""Honest widths for small numbers: Wilson intervals, pass^k, clustered error, paired comparison."""

import math
from collections.abc import Mapping, Sequence

Z95 = 1.959963984540054


def wilson(passed: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927). Raises ValueError for no trial."""
    if total <= 0:
        raise ValueError("an interval of no trial does not exist")
    share, spread = passed / total, Z95 * Z95 / total
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def pass_power(passed: int, total: int, k: int) -> float | None:
    """The chance that k runs drawn without replacement all pass, C(c,k)/C(n,k); None when k runs do not exist."""
    return None if k > total else math.comb(passed, k) / math.comb(total, k)


def clustered_error(clusters: Mapping[str, Sequence[bool]]) -> float | None:
    """The standard error of the overall share with families as clusters; None for a single cluster."""
    total = sum(len(each) for each in clusters.values())
    if len(clusters) < 2 or total == 0:
        return None
    share = sum(sum(each) for each in clusters.values()) / total
    spread = sum((sum(each) - share * len(each)) ** 2 for each in clusters.values())
    return math.sqrt(spread * len(clusters) / (len(clusters) - 1)) / total


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of a paired comparison, from the cases that just one of two subjects passed."""
    n = only_first + only_second
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, i) for i in range(min(only_first, only_second) + 1)) / float(2**n)
    return min(1.0, 2 * tail)
