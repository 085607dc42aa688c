"""Availability counts what users had: gaps bound it, old outages count, and nobody watching is unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.reliability.availability import Stretch, of_requests, of_time, stretches_of
from infra_maintainer.reliability.burn import burns
from tests.requirements_link import requirement

DAY = 86_400.0


@requirement("monitoring.sla")
def test_a_host_down_for_forty_days_and_still_down_has_no_availability() -> None:
    """The outage began ten days before the window of thirty: the nearest peer reports 100 % here."""
    outage = Stretch(-10 * DAY, 30 * DAY, "down")
    assert of_time([outage], 0, 30 * DAY) == (100.0, 0.0, 0.0, 0.0)


def test_never_watched_is_unknown_and_not_hundred_per_cent() -> None:
    """No stretch inside the window, not even one that ended just before it."""
    found = of_time([Stretch(-5, 0, "up")], 0, 10)
    assert (found.watched, found.best, found.worst) == (0.0, None, None)


def test_a_gap_gives_a_best_and_a_worst_case() -> None:
    """Up for half, down for a tenth, unwatched for the rest."""
    found = of_time([Stretch(0, 50, "up"), Stretch(50, 60, "down")], 0, 100)
    assert (found.watched, found.best, found.worst) == (60.0, 90.0, 50.0)


@requirement("antipatterns.planned_downtime")
def test_planned_downtime_counts_and_is_shown() -> None:
    """Announcing an outage does not make it up."""
    found = of_time([Stretch(0, 90, "up"), Stretch(90, 100, "down", planned=True)], 0, 100)
    assert (found.best, found.worst, found.planned_down) == (90.0, 90.0, 10.0)


@given(
    st.lists(
        st.tuples(st.integers(-50, 150), st.integers(1, 60), st.booleans()).map(
            lambda each: Stretch(each[0], each[0] + each[1], "up" if each[2] else "down")
        ),
        max_size=12,
    )
)
def test_time_based_availability_agrees_with_a_second_by_second_count(stretches: list[Stretch]) -> None:
    """An oracle that looks at each second of the window alone; down wins where stretches overlap."""
    states: list[str | None] = []
    for second in range(100):
        here = {s.state for s in stretches if s.begin <= second < s.end}
        states.append("down" if "down" in here else "up" if here else None)
    found = of_time(stretches, 0, 100)
    if not any(states):
        assert found.best is None and found.worst is None
        return
    assert found.best == pytest.approx(100 - states.count("down"))
    assert found.worst == pytest.approx(states.count("up"))
    assert found.watched == pytest.approx(100 - states.count(None))


def test_a_sample_does_not_speak_for_longer_than_the_gap() -> None:
    """Two samples an hour apart with one a minute expected: the time between is unwatched."""
    found = of_time(stretches_of([(0, True), (3600, True)], 60), 0, 3660)
    assert found.watched == pytest.approx(120 / 3660 * 100)


def test_no_requests_have_no_availability() -> None:
    """Zero of zero is not a hundred per cent."""
    with pytest.raises(ValueError, match="unknown"):
        of_requests(0, 0)
    assert of_requests(2000, 3) == pytest.approx(99.85)


def test_a_burn_needs_both_windows() -> None:
    """An hour at 2 % errors with a budget of 0.1 % burns twenty times, until five minutes are clean."""
    burning = [(minute, 100, 2) for minute in range(60)]
    healed = [(minute, 100, 2 if minute < 55 else 0) for minute in range(60)]
    assert {each.rule.name: round(each.rate, 1) for each in burns(burning, 60, 0.001)} == {"fast": 20.0}
    assert [each.rate for each in burns(healed, 60, 0.001)] == [0.0]


def test_a_short_log_says_nothing_of_three_days() -> None:
    """Six hours of minutes give the fast and the medium rule, not the slow one."""
    names = [each.rule.name for each in burns([(m, 10, 0) for m in range(360)], 360, 0.001)]
    assert names == ["fast", "medium"]
