"""Shown against true: precision decides, never a flat percentage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.answer.equality import agrees, decimals
from infra_maintainer.answer.units import convert


@pytest.mark.parametrize(
    ("shown", "unit", "true", "true_unit", "equal"),
    [
        (1840, "ms", 1837, "ms", False),
        (1.84, "s", 1837, "ms", True),
        (2, "s", 1840, "ms", False),
        (1.8, "s", 1837, "ms", True),
        (12, "%", 12.4, "%", True),
        (12, "%", 12.6, "%", False),
        (0, "%", 0.2, "%", False),
        (0, "%", 0, "%", True),
        (16, "GB", 16 * 2**30, "By", False),
        (16, "GiB", 16 * 2**30, "By", True),
        (1, "mo", 30, "d", False),
        (7, "d", 1, "wk", True),
        (1837, "%", 1837, "ms", False),
        (60, "rpm", 1, "1/s", True),
    ],
)
def test_a_number_is_the_measured_one_only_at_the_precision_shown(
    shown: float, unit: str, true: float, true_unit: str, equal: bool
) -> None:
    """Worked by hand from the rule |shown - true| <= half a unit of the last place, and within 5 %."""
    assert agrees(shown, decimals(shown), unit, true, true_unit) is equal


@given(st.floats(0.001, 1e9), st.sampled_from([("ms", "s"), ("By", "MiB"), ("d", "h"), ("USD/d", "USD/h")]))
def test_converting_there_and_back_gives_the_value(value: float, units: tuple[str, str]) -> None:
    """Exact conversions are invertible."""
    there = convert(value, *units)
    assert there is not None
    back = convert(there, units[1], units[0])
    assert back == pytest.approx(value)


@given(st.floats(1, 1e6), st.integers(0, 3))
def test_a_correctly_rounded_number_always_agrees(true: float, places: int) -> None:
    """Rounding at shown precision is honest; Python's own rounding is the oracle."""
    assert agrees(round(true, places), places, "ms", true, "ms") or abs(round(true, places) - true) > 0.05 * true
