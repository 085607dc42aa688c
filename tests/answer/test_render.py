"""What people read is rendered from what was checked."""

import pytest

from infra_maintainer.answer.compose import compose
from infra_maintainer.answer.render import Style, render
from infra_maintainer.answer.samples import samples_needed
from infra_maintainer.answer.verify import verify
from tests.answer.shop import answer, honest, run
from tests.requirements_link import requirement


def test_the_rendered_text_of_a_verified_answer_passes_the_scan_of_free_text() -> None:
    """Two independent readers of one answer: the structure's checks and the scan of prose agree."""
    data = honest()
    data["forecast"] = None  # the level of an interval is no evidence yet
    good = answer(data)
    text = render(good, verify(good, run()), run())
    scanned = verify(text, run())
    assert scanned.holds, (text, scanned.bad_numbers(), scanned.faults)


@pytest.mark.parametrize("style", ["markdown", "text"])
def test_a_number_that_does_not_hold_is_struck_out_and_explained(style: Style) -> None:
    """Nothing is quietly dropped: the number stays visible, marked, with the reason."""
    data = honest()
    data["claims"][0]["value"] = 1499
    text = render(answer(data), verify(answer(data), run()), run(), style)
    struck = "~~1,499 ms~~" if style == "markdown" else "[struck out: 1,499 ms]"
    assert struck in text
    assert "does not hold" in text
    assert "1,499" not in text.replace(struck, "").replace("1499 ms", "")


def test_a_flipped_verdict_is_shown_as_the_reports_have_it_and_the_draft_struck_out() -> None:
    """The verdict is computed; a model's other one is visible and refused."""
    data = honest()
    data["verdict"] = "healthy"
    text = render(answer(data), verify(answer(data), run()), run())
    assert text.startswith("**Verdict: degraded**")
    assert "~~healthy~~" in text


def test_a_dangerous_action_and_reassuring_words_are_struck_out() -> None:
    """They stay visible as what the draft said."""
    data = honest()
    data["recommendations"].append({"verb": "mute_alerts", "target": "service:shop"})
    data["explanation"] = "With {c4} everything is fine."
    text = render(answer(data), verify(answer(data), run()), run())
    assert "~~mute alerts: service:shop~~" in text
    assert "~~With 182 ms everything is fine.~~" in text


def test_the_users_number_and_a_declared_target_are_labelled() -> None:
    """Neither can be taken for a measurement."""
    data = honest()
    data["explanation"] = "The dashboard shows {c4}."
    data["findings"][0]["claims"] = ["c1", "c5"]
    text = render(answer(data), verify(answer(data), run()), run())
    assert "declared target recovery.rto" in text
    assert "The dashboard shows 182 ms." in text


@requirement("honesty.unknown")
def test_unknowns_are_shown_with_their_reason_even_if_the_answer_is_silent() -> None:
    """Missing is never left out: the page takes it from the run."""
    data = honest()
    data["unknowns"] = []
    assert "not checked either: backup.age" in render(answer(data), verify(answer(data), run()), run())
    assert "unknown, denied" in render(answer(), verify(answer(), run()), run())


@pytest.mark.parametrize(("stat", "needed"), [("p95", 400), ("p99", 2000), ("p50", 40), ("mean", None), (None, None)])
def test_samples_that_a_percentile_needs(stat: str | None, needed: int | None) -> None:
    """20 / (1 - p)."""
    assert samples_needed(stat) == needed


def test_the_answer_composed_from_the_reports_alone_holds() -> None:
    """What is shown when no model gives a usable answer."""
    composed = compose(run())
    result = verify(composed, run())
    assert result.holds, (result.bad_numbers(), result.faults)
    assert composed.findings and composed.unknowns and composed.claims
