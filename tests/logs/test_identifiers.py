"""What of a path is an identifier: thousands of products or carts are one route."""

from pathlib import Path

import pytest

from tests.logs.logbook import Hit, summary_of, write

CARTS = ("9f0c1a2b-7a9f-4675-ab2a-ae285eafa5e5", "00481516-7a9f-4675-ab2a-ae285eafa5e5")  # one begins like a number


@pytest.mark.parametrize(
    ("paths", "routes"),
    [
        pytest.param([f"/cart/{each}" for each in CARTS], {"GET /cart/:id"}, id="UUIDs, also with eight digits first"),
        pytest.param(["/p/7-blue-hat", "/p/12345-mug", "/p/8-h%C3%BCte"], {"GET /p/:id"}, id="numbers with words"),
        pytest.param(["/p/7-blue-hat/reviews/3"], {"GET /p/:id/reviews/:id"}, id="a path goes on behind them"),
        pytest.param(["/invoice/17.html", "/day/2026-11-30"], {"GET /invoice/:id.html", "GET /day/:id"}, id="the rest"),
        pytest.param(["/v2/items", "/3d-prints"], {"GET /v2/items", "GET /3d-prints"}, id="words with digits stay"),
    ],
)
def test_identifiers_are_folded(tmp_path: Path, paths: list[str], routes: set[str]) -> None:
    """Each spelling of an id beside words that are none."""
    summary = summary_of(write(tmp_path / "access.log", [Hit(path) for path in paths]))
    assert {each.route for each in summary.routes} == routes
