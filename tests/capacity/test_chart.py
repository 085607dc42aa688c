"""The picture: limit, breach range, refusal and gap are in it as text, in black and white."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest

from infra_maintainer.forecast.outlook import Outlook, look_ahead
from infra_maintainer.forecast.series import Cleaned
from infra_maintainer.tools.capacity_chart import draw, most_urgent
from tests.forecast.made_series import Floats, made


def outlook(values: Floats) -> Outlook:
    """The outlook of a percentage with the limit 80 over 45 days."""
    start = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
    return look_ahead(
        Cleaned(start, UTC, values, values + 1, len(values), ()), horizon_h=45 * 24, limit=80.0, ceiling=100.0
    )


def words(values: Floats) -> str:
    """All text of the SVG."""
    svg = draw("cpu.utilisation", "host:web-1", outlook(values), form="svg").decode()
    return " ".join(re.findall(r"<text[^>]*>([^<]+)</text>", svg))


def test_limit_breach_range_and_bands_are_labelled() -> None:
    """Each line and band says what it is beside itself, so no colour is needed."""
    said = words(made(90, growth_per_day=0.25, seed=3))
    for label in (
        "CPU of web-1: busiest hour of each day",
        "limit 80",
        "limit reached:",
        "(80 %)",
        "history",
        "forecast",
        "80 %",
        "95 %",
        "time (UTC)",
    ):
        assert label in said


def test_a_gap_is_marked_with_its_hours() -> None:
    """Ninety hours without data."""
    values = made(90, growth_per_day=0.25, seed=3)
    values[700:790] = np.nan
    assert "no data, 90 h" in words(values)


def test_a_refusal_stands_in_the_picture() -> None:
    """A picture travels without its text: it must not look like a calm future."""
    values = made(90)
    values[-5 * 24 :] += 25
    assert "No forecast: level changed" in words(values)


def test_it_is_drawn_without_colour() -> None:
    """Every fill and stroke of the SVG is a grey."""
    svg = draw("cpu.utilisation", "host:web-1", outlook(made(90, growth_per_day=0.25)), form="svg").decode()
    colours = set(re.findall(r"#([0-9a-f]{6})", svg))
    assert colours and all(colour[:2] == colour[2:4] == colour[4:] for colour in colours)


def test_a_png_is_a_png_and_other_forms_are_refused() -> None:
    """By its signature."""
    assert draw("cpu.utilisation", "host:web-1", outlook(made(40)))[:8] == b"\x89PNG\r\n\x1a\n"
    with pytest.raises(ValueError, match="png or svg"):
        draw("cpu.utilisation", "host:web-1", outlook(made(40)), form="gif")


def test_the_first_limit_to_be_reached_is_the_one_that_is_drawn() -> None:
    """Between a calm and a growing series the growing one; without any series a sentence."""
    calm = ("memory.used", "host:web-1", outlook(made(90)))
    grows = ("cpu.utilisation", "host:web-1", outlook(made(90, growth_per_day=0.25, seed=3)))
    assert most_urgent([calm, grows])[0] == "cpu.utilisation"
    with pytest.raises(ValueError, match="no history"):
        most_urgent([])
