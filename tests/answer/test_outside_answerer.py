"""What an outside answerer, who saw only the packs, was refused wrongly; beside each the lie it could have been."""

from dataclasses import replace

import pytest

from infra_maintainer.answer.contract import contract
from infra_maintainer.answer.numbers import read
from infra_maintainer.answer.verify import verify
from infra_maintainer.answer.wording import dangers, reassurances
from tests.answer.shop import answer, honest, run


@pytest.mark.parametrize(("value", "unit", "holds"), [(2849, "USD", True), (2949, "USD", False), (2849, "EUR", False)])
def test_an_amount_a_month_of_the_question_may_be_cited_as_the_amount(value: float, unit: str, holds: bool) -> None:
    """They said "2849 USD a month"; another amount or another currency is not theirs."""
    data = honest()
    data["claims"] = [*data["claims"], {"kind": "user", "id": "u9", "value": value, "unit": unit}]
    asked = replace(run(), question=f"{run().question} Roughly 2849 USD a month, I suppose.")
    traced = {number.claim: number.status for number in verify(answer(data), asked).numbers}
    assert (traced["u9"] == "user") is holds


def test_what_is_proven_waste_reassures_nobody_but_what_is_proven_does() -> None:
    """Waste that is proven is a fault that was found."""
    assert not reassurances("The audit can say what is really paid and which part is proven waste.")
    assert reassurances("The restore is proven.")


def test_taking_what_slow_requests_feel_hides_nothing_but_taking_them_out_does() -> None:
    """The first puts the slow ones on the slide."""
    assert not dangers("For the slide take what slow requests feel.")
    assert dangers("For the slide take the slow requests out.")


def test_numbers_inside_fixed_names_and_ordinals_are_no_numbers() -> None:
    """Two factors remain a number where they are no name."""
    assert not read("Two-factor logins, a second factor, the three-two-one rule, P95 of web-1, TLS 1.2, once, single.")
    assert read("Two factors are wrong.")


def test_the_schema_asks_for_at_least_one_input_and_tells_the_constants() -> None:
    """A length belongs to a text; an array counts its items."""
    fields = contract()["$defs"]["Computed"]["properties"]
    assert fields["inputs"]["minItems"] == 1 and "minLength" not in fields["inputs"]
    assert "100" in fields["formula"]["description"]


@pytest.mark.parametrize(
    ("value", "unit", "holds"),
    [(20, "1", True), (20, "x", True), (21, "1", False), (20, "%", False), (20, "ms", False)],
)
def test_twenty_times_of_the_question_may_be_cited_as_twenty(value: float, unit: str, holds: bool) -> None:
    """Reports give multiples in unit 1; another number or another unit is not theirs."""
    data = honest()
    data["claims"] = [*data["claims"], {"kind": "user", "id": "u9", "value": value, "unit": unit}]
    asked = replace(run(), question=f"{run().question} We might see 20 times our peak.")
    traced = {number.claim: number.status for number in verify(answer(data), asked).numbers}
    assert (traced["u9"] == "user") is holds


@pytest.mark.parametrize(
    ("words", "harmful"),
    [
        ("The service sustains {c1} times its peak with a single instance lost.", False),
        ("The loss of a single server puts the rest above its limit.", False),
        ("It fails when only one replica is missing.", False),
        ("Run it on a single instance.", True),
        ("Shrink it to a single instance, lost requests are few.", True),
        ("A single instance down the road is enough for {c1}.", True),
    ],
)
def test_what_happens_when_a_single_one_is_lost_is_no_advice_to_keep_only_one(words: str, harmful: bool) -> None:
    """The second kind gives the redundancy away."""
    assert bool(dangers(words)) is harmful


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("Readers of orders do not feel it, with {c9} of its time in queries.", False),
        ("Users do not feel it, with {c9} of its time in queries.", True),  # names nothing
        ("Readers of web-2 do not feel it, with {c9} of its time in queries.", True),  # another thing than is cited
        ("Users of checkout do not feel it, with {c1} at its P95.", True),  # the thing that the finding is about
        ("Readers of orders do not feel it, {c9} is enough.", True),  # a clause that cites nothing
    ],
)
def test_what_a_finding_is_not_about_may_be_told_as_unhurt_with_its_values(words: str, refused: bool) -> None:
    """The values may follow the words by "with"."""
    data = honest()
    about = {"kind": "observed", "id": "c9", "quantity": "database.query.share", "subject": "database:orders"}
    share = {**about, "stat": "ratio", "value": 78, "unit": "%", "evidence": ["ev3#/data/share"]}
    data["claims"] = [*data["claims"], share]
    data["explanation"] = words
    faults = [fault.says for fault in verify(answer(data), run()).faults if "reassures" in fault.says]
    assert bool(faults) is refused
