"""Structured answers: a known-good one holds, and each single lie about it is caught by the check that guards it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.verify import NotAnAnswer, verify
from tests.answer.shop import answer, honest, leaf, run
from tests.requirements_link import requirement

Change = Callable[[dict[str, Any]], Any]


@requirement("honesty.verify")
def test_the_honest_answer_holds_with_every_number_explained() -> None:
    """Each status that can hold appears once at least."""
    result = verify(answer(), run())
    assert result.holds, (result.bad_numbers(), result.faults)
    assert {number.status for number in result.numbers} == {"supported", "derived", "user", "declared", "policy"}


def _claim(data: dict[str, Any], name: str) -> dict[str, Any]:
    return next(claim for claim in data["claims"] if claim["id"] == name)


LIES: dict[str, tuple[Change, str]] = {
    "value": (lambda d: _claim(d, "c1").update(value=1873), "claims_traced"),
    "unit": (lambda d: _claim(d, "c1").update(unit="s"), "claims_traced"),
    "statistic": (lambda d: _claim(d, "c2").update(stat="p50"), "claims_traced"),
    "subject": (lambda d: _claim(d, "c1").update(subject="route:/cart"), "claims_traced"),
    "quantity": (lambda d: _claim(d, "c1").update(quantity="endpoint.latency"), "claims_traced"),
    "evidence of another value": (lambda d: _claim(d, "c1").update(evidence=["ev1#/data/p99"]), "claims_traced"),
    "invented evidence": (lambda d: _claim(d, "c1").update(evidence=["ev_0123456789"]), "claims_traced"),
    "failed evidence": (lambda d: _claim(d, "c1").update(evidence=["ev5"]), "claims_traced"),
    "formula": (lambda d: _claim(d, "c3").update(formula="a-b"), "claims_traced"),
    "number as formula": (lambda d: _claim(d, "c3").update(formula="4.47"), "claims_traced"),
    "the user's number that nobody said": (lambda d: _claim(d, "c4").update(value=190), "claims_traced"),
    "the user's number as measured": (lambda d: _claim(d, "c1").update(value=182), "claims_traced"),
    "target as result": (lambda d: _claim(d, "c5").update(kind="observed", stat=None), "claims_traced"),
    "policy value": (lambda d: _claim(d, "c6").update(value=3), "claims_traced"),
    "invented policy": (lambda d: _claim(d, "c6").update(policy="health.latency.other"), "claims_traced"),
    "averaged percentiles": (
        lambda d: _claim(d, "c3").update(
            formula="(a+b)/1", inputs={"a": "ev1#/data/p95", "b": "ev1#/data/p99"}, value=4788, unit="ms"
        ),
        "claims_traced",
    ),
    "verdict": (lambda d: d.update(verdict="at_risk"), "verdict"),
    "healthy verdict": (lambda d: d.update(verdict="healthy"), "verdict"),
    "severity": (lambda d: d.update(severity="medium"), "severity"),
    "finding dropped": (lambda d: d.update(findings=[]), "findings"),
    "finding invented": (
        lambda d: d["findings"].append({"code": "disk_full", "subject": "host:web-1", "claims": ["c1"]}),
        "findings",
    ),
    "finding on nothing": (lambda d: d["findings"][0].update(claims=["c99"]), "findings"),
    "unknown dropped": (lambda d: d.update(unknowns=[]), "says_unknown"),
    "unknown asserted": (
        lambda d: d["claims"].append(
            {"kind": "assumed", "id": "c8", "quantity": "backup.age", "value": 1, "unit": "d", "because": "nightly job"}
        ),
        "says_unknown",
    ),
    "failed tool hidden": (lambda d: d.update(failed_evidence=[]), "tool_failures_disclosed"),
    "mean heads": (lambda d: d.update(headline_claims=["c2", "c3"]), "tail_reported"),
    "no tail heads": (lambda d: d.update(headline_claims=["c3"]), "tail_reported"),
    "cause without its evidence": (lambda d: d["root_cause"].update(mechanism="memory_pressure"), "root_cause"),
    "cause elsewhere": (lambda d: d["root_cause"].update(component="database:users"), "root_cause"),
    "unknown mechanism": (lambda d: d["root_cause"].update(mechanism="gremlins"), "root_cause"),
    "dangerous action": (
        lambda d: d["recommendations"].append({"verb": "mute_alerts", "target": "service:shop"}),
        "no_dangerous_action",
    ),
    "unknown verb": (
        lambda d: d["recommendations"].append({"verb": "wing_it", "target": "service:shop"}),
        "no_dangerous_action",
    ),
    "saving from nowhere": (lambda d: d["recommendations"][0].update(saving="c77"), "references"),
    "forecast bound": (lambda d: d["forecast"].update(high=999), "forecast"),
    "forecast order": (lambda d: d["forecast"].update(low=55, high=33), "forecast"),
    "digits in words": (lambda d: d.update(explanation="P95 is 1,837 ms."), "references"),
    "number word in words": (lambda d: d.update(explanation="It is about ninety percent slower."), "references"),
    "reference to nothing": (lambda d: d.update(explanation="See {c42}."), "references"),
    "words about nothing": (lambda d: d.update(explanation="Sleep well tonight."), "references"),
    "reassuring words": (lambda d: d.update(explanation="With {c1} everything is fine."), "wording"),
    "dangerous words": (lambda d: d.update(explanation="After {c1} disable monitoring meanwhile."), "wording"),
    "dangerous precondition": (
        lambda d: d["recommendations"][0].update(precondition="stop the alerts"),
        "no_dangerous_action",
    ),
}


@requirement("honesty.verify")
@pytest.mark.parametrize("lie", LIES)
def test_one_lie_is_caught_by_the_check_that_guards_it(lie: str) -> None:
    """Each changes one thing of the answer that holds."""
    change, check = LIES[lie]
    data = honest()
    change(data)
    result = verify(answer(data), run())
    assert not result.holds
    assert check in result.failed_checks()


KEPT: dict[str, Change] = {
    "unit converted": lambda d: _claim(d, "c1").update(value=1.837, unit="s"),
    "rounded at shown precision": lambda d: _claim(d, "c1").update(value=1.84, unit="s"),
    "claims in another order": lambda d: d["claims"].reverse(),
    "alias of a verb": lambda d: d["recommendations"][0].update(verb="optimize_query"),
    "alias of a mechanism": lambda d: d["root_cause"].update(mechanism="expensive query"),
    "subject without its kind": lambda d: _claim(d, "c1").update(subject="/checkout"),
    "unknown for every subject": lambda d: d["unknowns"][0].update(subject=None),
    "ratio in percent": lambda d: _claim(d, "c3").update(value=447, unit="%"),
    "harsher verdict": lambda d: d.update(verdict="critical", severity="critical"),
    "warning against a danger": lambda d: d.update(explanation="Do not raise the timeout: it hides {c1}."),
    "denied health": lambda d: d.update(explanation="Checkout is not healthy while {c1} stands."),
}


@pytest.mark.parametrize("rewrite", KEPT)
def test_a_rewrite_that_keeps_the_meaning_is_not_refused(rewrite: str) -> None:
    """A checker that refuses honest wording would be switched off."""
    data = honest()
    KEPT[rewrite](data)
    result = verify(answer(data), run())
    assert result.holds, (result.bad_numbers(), result.faults)


def test_a_harsher_verdict_is_noted_as_a_fault_of_quality() -> None:
    """Policy: harsher is a quality fault, rosier a failure."""
    data = honest()
    data.update(verdict="critical")
    assert any("harsher" in note for note in verify(answer(data), run()).notes)


@requirement("performance.no_mean_only")
def test_a_mean_may_be_said_but_never_heads_the_answer() -> None:
    """The honest answer claims the mean; only moving it to the head fails."""
    data = honest()
    data["headline_claims"] = ["c2"]
    faults = {fault.check for fault in verify(answer(data), run()).faults}
    assert faults == {"tail_reported"}


def test_the_ends_of_a_range_carry_its_level_in_their_names() -> None:
    """The plan keeps "forecast.breach.early80" and "late80" apart; one forecast has both, and no other level."""
    leaves: dict[str, object] = {
        end: leaf(f"forecast.breach.{end}", "filesystem:/", None, value, "d")
        for end, value in (("early80", 33), ("late80", 55), ("late95", 71))
    }
    about = replace(run(), ledger=Ledger([*run().ledger.entries(), Entry("ev9", data=leaves)]))
    data = honest()
    evidence = [f"ev9#/{end}" for end in leaves]
    told = {"quantity": "forecast.breach", "low": 33, "high": 55, "unit": "d", "level": 0.8, "method": "the plan's"}
    data["forecast"] = {**told, "evidence": evidence}
    assert verify(answer(data), about).holds
    data["forecast"]["high"] = 71
    assert {fault.check for fault in verify(answer(data), about).faults} == {"forecast"}
    data["forecast"].update(high=55, level=0.95)
    assert {fault.check for fault in verify(answer(data), about).faults} == {"forecast"}


def test_json_of_another_shape_is_refused_with_the_place_and_the_reason() -> None:
    """A model that sends a malformed answer is told what to repair."""
    with pytest.raises(NotAnAnswer, match="verdict"):
        verify('{"verdict": "great", "severity": "none"}', run())
