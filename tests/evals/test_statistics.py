"""The suite's statistics against published values and exhaustive counts."""

import itertools
import math

import pytest

from infra_maintainer.evals.statistics import clustered_error, mcnemar, pass_power, wilson


def test_wilson_interval_equals_the_published_example() -> None:
    """40 of 50: 0.67 to 0.89; the normal approximation would say 0.69 to 0.91."""
    low, high = wilson(40, 50)
    assert (round(low, 2), round(high, 2)) == (0.67, 0.89)


def test_no_failure_in_fifty_still_allows_several_per_cent() -> None:
    """An interval of width zero at 50 of 50 is how suites boast."""
    low, high = wilson(50, 50)
    assert high == 1.0 and 0.92 < low < 0.94


def test_pass_power_equals_counting_every_draw() -> None:
    """C(c,k)/C(n,k) against all draws of k of n; a plain power would differ."""
    runs = [True, True, True, False, True]
    for k in (1, 2, 3):
        draws = list(itertools.combinations(runs, k))
        assert pass_power(4, 5, k) == pytest.approx(sum(all(d) for d in draws) / len(draws))
    assert pass_power(4, 5, 6) is None


def test_exact_paired_comparison_equals_the_binomial_sum() -> None:
    """8 against 2: p = 0.109, as counted over all outcomes of ten fair coins."""
    counted = sum(1 for n in range(1024) if bin(n).count("1") <= 2 or bin(n).count("1") >= 8) / 1024
    assert mcnemar(2, 8) == pytest.approx(counted) and round(counted, 3) == 0.109
    assert mcnemar(0, 0) == 1.0


def test_clusters_that_agree_within_widen_the_error() -> None:
    """Six runs of one world are not six worlds."""
    together = clustered_error({f"f{i}": [i % 2 == 0] * 6 for i in range(10)})
    alone = math.sqrt(0.25 / 60)
    assert together is not None and together > 2 * alone
    assert clustered_error({"one": [True, False]}) is None
