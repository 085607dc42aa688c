"""Samples made hourly: counters, gaps, clock changes, unfinished hours."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from infra_maintainer.forecast.series import hourly, rate_of_counter

BERLIN = ZoneInfo("Europe/Berlin")


def every(step_s: float, count: int, start: float = 0.0) -> NDArray[np.float64]:
    """Times at a steady pace."""
    return np.asarray(start + step_s * np.arange(count), dtype=np.float64)


def epoch(text: str) -> float:
    """Epoch seconds of an ISO time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_hours_hold_mean_and_peak_of_their_samples() -> None:
    """Two hours of five-minute samples, done by hand."""
    at = every(300, 24, epoch("2026-03-02T00:00"))
    made = hourly(at, np.arange(24.0))
    assert list(made.mean) == [5.5, 17.5]
    assert list(made.peak) == [11.0, 23.0]
    assert made.moment(1) == datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_a_counter_reset_leaves_its_step_out() -> None:
    """0, 60, 120, (restart) 30, 90 at one-minute steps: three rates of 1/s and one reset."""
    at, rates, resets = rate_of_counter(every(60, 5), np.array([0.0, 60.0, 120.0, 30.0, 90.0]))
    assert list(rates) == [1.0, 1.0, 1.0]
    assert list(at) == [60.0, 120.0, 240.0]
    assert resets == 1


def test_a_gap_is_missing_and_told() -> None:
    """Six hours without samples are six hours of NaN, never zero."""
    at = every(600, 24 * 6, epoch("2026-03-02T00:00"))
    keep = (at < at[0] + 6 * 3600) | (at >= at[0] + 12 * 3600)
    made = hourly(at[keep], np.ones(int(keep.sum())))
    assert int(np.isnan(made.mean).sum()) == 6
    assert made.gap_share == 0.25
    assert "6 of 24 hours have no sample; longest gap 6 h" in made.notes


@pytest.mark.parametrize(("begin", "hours", "change"), [("2026-03-28T00:00", 47, "+1"), ("2026-10-24T00:00", 49, "-1")])
def test_a_clock_change_keeps_the_habit_of_the_wall_clock(begin: str, hours: int, change: str) -> None:
    """Load that rises at eight in Berlin rises at hour eight on both sides of the change, and nothing is missing."""
    start = datetime.fromisoformat(begin).replace(tzinfo=BERLIN).timestamp()
    at = every(3600, hours, start)
    busy = np.array([8 <= datetime.fromtimestamp(moment, BERLIN).hour < 18 for moment in at], dtype=float)
    made = hourly(at, busy, BERLIN)
    assert len(made.mean) == 48
    assert not np.isnan(made.mean).any()
    assert list(made.mean[:24]) == list(made.mean[24:])
    assert any(f"clock change of {change} h" in note for note in made.notes)


def test_an_unfinished_last_hour_is_left_out() -> None:
    """A job that runs at ten past must not see a tenth of an hour as an hour."""
    at = every(60, 70, epoch("2026-03-02T00:00"))
    made = hourly(at, np.ones(70))
    assert len(made.mean) == 1
    assert "the last hour is unfinished and left out" in made.notes


def test_samples_that_are_no_number_are_left_out_and_told() -> None:
    """NaN from a stale series is not zero."""
    at = every(600, 12, epoch("2026-03-02T00:00"))
    values = np.ones(12)
    values[3] = np.nan
    made = hourly(at, values)
    assert "1 samples that are no number were left out" in made.notes
    assert made.samples == 11


def test_one_stamp_far_away_does_not_take_the_memory_of_the_machine() -> None:
    """A sample from 1970 among samples of 2026 is an error that says so."""
    with pytest.raises(ValueError, match="samples span"):
        hourly(np.array([0.0, epoch("2026-03-02T00:00")]), np.array([1.0, 1.0]))
