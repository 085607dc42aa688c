"""Service demand, scalability and waiting against numbers known beforehand."""

import numpy as np
import pytest

from infra_maintainer.load.scalability import LinearBound, Scalability, concurrency, fit_scalability, rate_at
from infra_maintainer.load.service_demand import Demand, NoDemand, fit_demand
from infra_maintainer.load.waiting import use_for_wait, waiting_in_services

GENERATOR = np.random.default_rng(1)
MINUTES = np.arange(2000)
LOAD = 50 + 35 * np.sin(MINUTES / 50) + GENERATOR.normal(0, 3, 2000)
USE = 4 + 0.55 * LOAD + GENERATOR.normal(0, 2, 2000)


def test_the_break_load_of_a_known_demand_lies_in_its_range() -> None:
    """U = 4 + 0.55 X reaches 80 at 138.2/s."""
    found = fit_demand(LOAD, USE, 80.0)
    assert isinstance(found, Demand)
    assert found.break_low <= 76 / 0.55 <= found.break_high
    assert found.reach == pytest.approx(found.break_load / LOAD.max())
    assert not found.guess


def test_beyond_twice_the_observed_load_it_is_called_a_guess() -> None:
    """The same fit asked for a limit four times as far."""
    found = fit_demand(LOAD, USE / 4, 80.0)
    assert isinstance(found, Demand) and found.guess


@pytest.mark.parametrize(
    ("load", "use", "code"),
    [
        (LOAD[:20], USE[:20], "too_few"),
        (50 + GENERATOR.normal(0, 1, 2000), USE, "narrow"),
        (LOAD, GENERATOR.normal(40, 5, 2000), "not_linear"),
        (LOAD, USE + np.where(MINUTES > 1200, 15, 0), "drift"),
    ],
)
def test_a_fit_that_means_nothing_is_refused(load: np.ndarray, use: np.ndarray, code: str) -> None:
    """Too few points, too little variation, no relation, a release in the middle."""
    found = fit_demand(load, use, 80.0)
    assert isinstance(found, NoDemand) and found.code == code
    assert found.enough


def test_the_bend_of_a_known_law_is_found() -> None:
    """l=20, s=0.03, k=0.0005: the peak is 271.9/s at 44 in flight."""
    generator = np.random.default_rng(2)
    in_flight = generator.uniform(2, 60, 400)
    rate = np.array([rate_at(n, 20, 0.03, 0.0005) for n in in_flight]) * (1 + generator.normal(0, 0.03, 400))
    found = fit_scalability(in_flight, rate)
    assert isinstance(found, Scalability)
    assert found.peak_concurrency == pytest.approx(44, rel=0.1)
    assert found.peak_rate == pytest.approx(271.9, rel=0.02)


def test_far_from_the_bend_only_the_linear_bound_is_told() -> None:
    """Up to eight in flight the law has no visible bend; three per cent of noise would invent one."""
    generator = np.random.default_rng(3)
    in_flight = generator.uniform(1, 8, 200)
    rate = 20 * in_flight * (1 + generator.normal(0, 0.03, 200))
    found = fit_scalability(in_flight, rate)
    assert isinstance(found, LinearBound) and found.code == "no_bend"
    assert found.rate_of_one == pytest.approx(20, rel=0.05)


def test_concurrency_is_littles_law() -> None:
    """100/s that take 50 ms are five in flight."""
    assert concurrency(np.array([100.0]), np.array([0.05]))[0] == 5.0


def test_one_busy_server_waits_and_eight_do_not() -> None:
    """At 80 %: one server four services (M/M/1, exact), eight about a third (Erlang C: 0.35)."""
    assert waiting_in_services(1, 0.8) == pytest.approx(4.0)
    assert waiting_in_services(8, 0.8) == pytest.approx(0.35, rel=0.2)
    assert use_for_wait(1, 1.0) == pytest.approx(0.5)
    assert use_for_wait(8, 1.0) > 0.85


def test_a_full_server_has_no_steady_wait() -> None:
    """Use of one is an error of the caller, not a large number."""
    with pytest.raises(ValueError, match="use=1.0"):
        waiting_in_services(1, 1.0)
