"""Bounds for few drills, against published values and against counting every outcome."""

from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_maintainer.drill.confidence import drills_needed, lower_bound, wilson


@pytest.mark.parametrize(
    ("successes", "drills", "bound", "interval"),
    [
        (1, 1, 5, (21, 100)),
        (3, 3, 37, (44, 100)),
        (4, 4, 47, (51, 100)),
        (8, 8, 69, (68, 100)),
        (12, 12, 78, (76, 100)),
        (29, 29, 90, (88, 100)),
        (3, 4, 25, (30, 95)),
        (10, 12, 56, (55, 95)),
        (0, 4, 0, (0, 49)),
    ],
)
def test_bounds_are_the_published_ones(successes: int, drills: int, bound: int, interval: tuple[int, int]) -> None:
    """Table of the recovery reference, made with another program."""
    assert round(lower_bound(successes, drills) * 100) == bound
    low, high = wilson(successes, drills)
    assert (round(low * 100), round(high * 100)) == interval


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_at_the_bound_so_many_successes_or_more_have_exactly_five_per_cent(counts: tuple[int, int]) -> None:
    """The definition itself, by summing the binomial distribution: no beta function in it."""
    successes, drills = counts
    p = lower_bound(successes, drills)
    tail = sum(comb(drills, k) * p**k * (1 - p) ** (drills - k) for k in range(successes, drills + 1))
    assert tail == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(("share", "needed"), [(0.5, 5), (0.8, 14), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_so_many_drills_without_a_failure_support_a_share(share: float, needed: int) -> None:
    """And one fewer does not."""
    assert drills_needed(share) == needed
    assert lower_bound(needed, needed) >= share > lower_bound(needed - 1, needed - 1)


@pytest.mark.parametrize(("successes", "drills"), [(5, 4), (-1, 4), (0, 0)])
def test_impossible_counts_are_refused(successes: int, drills: int) -> None:
    """No drill is not a rate of anything."""
    for bound in (lower_bound, wilson):
        with pytest.raises(ValueError, match="not a count"):
            bound(successes, drills)
