"""When a tail must head an answer: where latency is a finding or heads it, never where it plays no part."""

from dataclasses import replace
from typing import Any

import pytest

from infra_maintainer.answer.run import Judged, Run
from infra_maintainer.answer.verify import verify
from tests.answer.shop import CHECKOUT, answer, honest, run
from tests.requirements_link import requirement


def _observed(name: str, stat: str, value: float, evidence: str) -> dict[str, Any]:
    return {
        "kind": "observed",
        "id": name,
        "quantity": "requests.latency",
        "subject": CHECKOUT,
        "stat": stat,
        "value": value,
        "unit": "ms",
        "evidence": [evidence],
    }


TAIL = _observed("t1", "p95", 1837, "ev1#/data/p95")
MEAN = _observed("m1", "mean", 182, "ev1#/data/mean")
SHARE = {
    "kind": "observed",
    "id": "s1",
    "quantity": "database.query.share",
    "subject": "database:orders",
    "stat": "ratio",
    "value": 78,
    "unit": "%",
    "evidence": ["ev3#/data/share"],
}


def _about_the_database() -> Run:
    """The same evidence, of which only the database is a finding."""
    return replace(run(), findings=(Judged("query_heavy", "database:orders", "high", ("ev3#/data/share",)),))


def _faults(about: Run, headline: list[str], claims: list[dict[str, Any]], **more: Any) -> set[str]:
    data = honest()
    for part in ("root_cause", "forecast"):
        data.pop(part)
    code = about.findings[0].code
    data.update(headline_claims=headline, claims=claims, recommendations=[], explanation="", **more)
    data["findings"] = [{"code": code, "subject": about.findings[0].subject, "claims": headline[:1]}]
    return {fault.check for fault in verify(answer(data), about).faults}


def test_an_answer_about_something_else_needs_no_tail_in_its_headline() -> None:
    """Latency is measured and even claimed, and the finding is about the database."""
    assert _faults(_about_the_database(), ["s1"], [SHARE, TAIL]) == set()


def test_a_latency_finding_that_is_told_wants_its_tail_in_the_headline() -> None:
    """The share of a query does not say how long users wait."""
    assert "tail_reported" in _faults(run(), ["s1"], [SHARE, TAIL])
    assert _faults(run(), ["t1"], [SHARE, TAIL]) == set()


def test_the_quick_tail_of_another_route_does_not_stand_for_the_slow_one() -> None:
    """The headline names a latency, and not the one that is the finding."""
    about = run()
    cart = {**TAIL, "id": "t2", "subject": "route:/cart"}
    assert "tail_reported" in _faults(about, ["t2"], [cart, TAIL])


@requirement("performance.no_mean_only")
@pytest.mark.parametrize("claims", [[SHARE, MEAN], [SHARE, MEAN, TAIL]], ids=["no tail at all", "a tail nobody sees"])
def test_a_mean_that_is_shown_needs_its_tail_as_visible_as_itself(claims: list[dict[str, Any]]) -> None:
    """Said in a sentence, the mean is what readers take away."""
    data: dict[str, Any] = {"explanation": "Most wait {m1}."}
    about = _about_the_database()
    found = honest()
    found.update(headline_claims=["s1"], claims=claims, recommendations=[], **data)
    found["findings"] = [{"code": "query_heavy", "subject": "database:orders", "claims": ["s1"]}]
    for part in ("root_cause", "forecast"):
        found.pop(part)
    assert "tail_reported" in {fault.check for fault in verify(answer(found), about).faults}
    found["claims"], found["explanation"] = [SHARE, MEAN, TAIL], "Most wait {m1}, the slow ones {t1}."
    assert verify(answer(found), about).holds


def test_a_mean_never_heads_even_beside_its_tail() -> None:
    """What stands first is what is remembered."""
    assert "tail_reported" in _faults(_about_the_database(), ["m1", "t1"], [MEAN, TAIL, SHARE])
