"""What may be told about a limit, and what is refused with what would be enough."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_maintainer.forecast.outlook import Outlook, look_ahead
from tests.forecast.made_series import Floats, history, made
from tests.requirements_link import requirement

NINETY = 90 * 24


def ahead(values: Floats, *, limit: float | None = 80.0, horizon_h: int = NINETY) -> Outlook:
    """The outlook of a percentage."""
    return look_ahead(history(values), horizon_h=horizon_h, limit=limit, ceiling=100.0)


def codes(outlook: Outlook) -> set[str]:
    """The codes of what was refused."""
    return {refusal.code for refusal in outlook.refusals}


def first_at(values: Floats, limit: float) -> int:
    """The first hour at or above the limit; far away when there is none."""
    above = np.flatnonzero(values >= limit)
    return int(above[0]) if len(above) else 10**6


@requirement("capacity.growth")
@pytest.mark.parametrize("limit", [70.0, 76.0, 80.0])
def test_the_true_date_lies_in_the_range_as_often_as_it_says(limit: float) -> None:
    """Known growth of 0.3 a day over 40 seeds: the 80 % range holds at least 72 %, the 95 % range at least 90 %."""
    in80 = in95 = told = 0
    for seed in range(40):
        values = made(140, growth_per_day=0.3, seed=seed)
        breach = ahead(values[:NINETY], limit=limit, horizon_h=45 * 24).breach
        if breach is None:
            continue
        truth = min(first_at(values[NINETY : NINETY + 45 * 24], limit), 10**6)
        told += 1
        ends = [
            10**6 if hour is None else hour for hour in (breach.early95, breach.early80, breach.late80, breach.late95)
        ]
        in80 += ends[1] <= truth <= ends[2]
        in95 += ends[0] <= truth <= ends[3]
    assert told >= 30
    assert in80 >= 0.72 * told
    assert in95 >= 0.90 * told


@requirement("capacity.refuses")
def test_two_samples_are_refused() -> None:
    """A peer dates a breach from two samples with an interval of width zero."""
    outlook = ahead(np.array([10.0, 20.0]))
    assert outlook.forecast is None and codes(outlook) == {"too_short"}
    assert "3 days" in outlook.refusals[0].enough


@requirement("capacity.refuses")
def test_noise_gives_no_date_and_says_which_growth_cannot_be_excluded() -> None:
    """A peer dates a breach from pure noise (R2 = 0.0015)."""
    noise = np.random.default_rng(0).normal(40, 8, NINETY).clip(0)
    outlook = ahead(noise)
    assert outlook.breach is None and "no_trend" in codes(outlook)
    assert any("in 30 days cannot be excluded" in refusal.says for refusal in outlook.refusals)


@requirement("capacity.refuses")
def test_a_flat_line_may_be_a_dead_sensor() -> None:
    """A constant is no health and no forecast."""
    outlook = ahead(np.full(NINETY, 30.0))
    assert outlook.forecast is None and codes(outlook) == {"constant"}


@requirement("capacity.refuses")
def test_a_step_last_week_is_refused_with_the_days_to_wait() -> None:
    """Five days after a jump of 25 points nothing is projected."""
    values = made(90)
    values[-5 * 24 :] += 25
    outlook = ahead(values)
    assert outlook.forecast is None and codes(outlook) == {"break"}
    assert outlook.refusals[0].enough.startswith("2 more days")


@requirement("capacity.refuses")
def test_after_a_resize_only_the_time_since_is_used() -> None:
    """Use halved 20 days ago: the horizon shrinks to what 20 days carry, and the note says why."""
    values = made(90)
    values[-20 * 24 :] *= 0.5
    outlook = ahead(values)
    assert outlook.forecast is not None
    assert len(outlook.history.mean) == 20 * 24
    assert "only the 20 days since then" in outlook.history.notes[-1]
    assert outlook.forecast.point.max() < 30


@requirement("capacity.refuses")
def test_ten_days_do_not_carry_ninety() -> None:
    """The horizon is cut to half of the history, and what would be enough is said in days."""
    outlook = ahead(made(10))
    assert outlook.horizon_h == 5 * 24 and "horizon" in codes(outlook)
    assert next(r for r in outlook.refusals if r.code == "horizon").enough == "180 days of history"


@requirement("capacity.refuses")
def test_a_series_on_its_ceiling_is_censored() -> None:
    """What was asked for above 100 % is not known."""
    outlook = ahead(np.minimum(made(90) * 2.2, 100.0))
    assert outlook.forecast is None and codes(outlook) == {"censored"}


@requirement("capacity.refuses")
def test_many_gaps_are_refused() -> None:
    """More than a fifth of the hours missing."""
    values = made(90)
    values[100:700] = np.nan
    assert codes(ahead(values)) == {"gaps"}


@requirement("capacity.refuses")
def test_an_unknown_limit_gives_a_forecast_without_a_date() -> None:
    """The load is projected; the date is refused."""
    outlook = ahead(made(90, growth_per_day=0.3), limit=None, horizon_h=45 * 24)
    assert outlook.forecast is not None and outlook.breach is None and codes(outlook) == {"limit_unknown"}


@requirement("capacity.refuses")
def test_an_interval_wider_than_half_of_the_room_gives_no_date() -> None:
    """A wild series near its limit: the date would not help anyone to act."""
    values = made(90, growth_per_day=0.12, noise=5.0, seed=4, level=50.0)
    outlook = ahead(values, limit=85.0, horizon_h=45 * 24)
    assert outlook.breach is None and "wide" in codes(outlook)
    assert "paths reach the limit" in next(r for r in outlook.refusals if r.code == "wide").says


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 1200),
    st.floats(0, 0.4),
    st.integers(0, 4),
    st.sampled_from([None, 5.0, 80.0]),
)
def test_no_history_whatsoever_breaks_it(seed: int, hours: int, gaps: float, kind: int, limit: float | None) -> None:
    """Noise, spikes, walks, bursts and jumps with gaps: either a finite forecast or a refusal, never an exception."""
    generator = np.random.default_rng(seed)
    values = np.asarray(
        (
            generator.normal(40, 5, hours),
            np.abs(generator.standard_cauchy(hours)),
            np.cumsum(generator.normal(0, 1, hours)) + 50,
            np.where(generator.random(hours) < 0.02, 90.0, 0.0),
            np.repeat(generator.random(hours // 50 + 1), 50)[:hours] * 100,
        )[kind],
        dtype=np.float64,
    )
    values[generator.random(hours) < gaps] = np.nan
    if not np.isfinite(values).any():
        values[0] = 1.0
    outlook = look_ahead(history(values), horizon_h=30 * 24, limit=limit, ceiling=None)
    assert outlook.forecast is not None or outlook.refusals
    if outlook.forecast is not None:
        assert np.isfinite(outlook.forecast.point).all() and np.isfinite(outlook.forecast.high95).all()


def test_steady_growth_is_not_taken_for_a_step() -> None:
    """A straight line has two levels, but a line explains it better."""
    outlook = ahead(made(90, growth_per_day=0.4), limit=100.0)
    assert len(outlook.history.mean) == NINETY


def test_weekends_at_the_end_are_not_taken_for_a_step() -> None:
    """Every end day of a series with half load at weekends is forecast."""
    values = made(60, weekend=0.5)
    assert all("break" not in codes(ahead(values[: day * 24])) for day in range(45, 59))
