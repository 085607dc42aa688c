"""What k successes in n drills support: exact bounds, because at these n every rule of thumb is wrong.

Clopper and Pearson (1934) for the one-sided lower bound, Wilson (1927) for the interval.
"""

import math
from typing import NamedTuple

BISECTIONS = 80
FRACTION_STEPS = 300


class Interval(NamedTuple):
    """A share from `low` to `high`, 0 to 1."""

    low: float
    high: float


def lower_bound(successes: int, drills: int, confidence: float = 0.95) -> float:
    """The success probability that is exceeded with `confidence`, exact. Raises ValueError for impossible counts."""
    if not 0 <= successes <= drills or drills == 0:
        raise ValueError(f"{successes} of {drills} is not a count of successes")
    if successes == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _beta_share(successes, drills - successes + 1, middle) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def wilson(successes: int, drills: int, z: float = 1.96) -> Interval:
    """The two-sided 95 % interval. Raises ValueError for impossible counts."""
    if not 0 <= successes <= drills or drills == 0:
        raise ValueError(f"{successes} of {drills} is not a count of successes")
    share, square = successes / drills, z * z
    middle = share + square / (2 * drills)
    spread = z * math.sqrt(share * (1 - share) / drills + square / (4 * drills * drills))
    scale = 1 + square / drills
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def drills_needed(share: float, confidence: float = 0.95) -> int:
    """How many drills, all successful, support at least `share`. Raises ValueError outside 0 to 1."""
    if not 0 < share < 1:
        raise ValueError(f"{share} is not between 0 and 1")
    return math.ceil(math.log(1 - confidence) / math.log(share))


def _beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(1 - x))
    tiny = 1e-300
    result, c, d = 1.0, 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    result = d
    for m in range(1, FRACTION_STEPS):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + step * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + step / (c if abs(c) > tiny else tiny)
            change = c * d
            result *= change
        if abs(change - 1) < 1e-14:
            break
    return front * result / a
