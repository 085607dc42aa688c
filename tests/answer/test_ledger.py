"""Pointers into the evidence of one run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.answer.ledger import PointerError
from tests.answer.shop import ledger


def test_a_pointer_leads_to_the_value_with_its_unit_statistic_and_subject() -> None:
    """The path is walked through keys to a leaf."""
    field = ledger().resolve("ev1#/data/p95")
    assert (field.value, field.unit, field.stat, field.subject) == (1837, "ms", "p95", "route:/checkout")


@pytest.mark.parametrize(
    "pointer", ["ev9#/data/p95", "ev1#/data/p96", "ev1#/data", "ev1", "ev5", "ev6#/data/x", "", "#/data"]
)
def test_a_pointer_to_nothing_obtained_is_an_error(pointer: str) -> None:
    """Unknown entry, unknown key, no leaf, an entry that failed: none of them supports a number."""
    with pytest.raises(PointerError):
        ledger().resolve(pointer)


def test_every_listed_field_can_be_resolved_by_its_own_pointer() -> None:
    """What the ledger offers as nearest evidence can be cited as it stands."""
    for field in ledger().fields():
        assert ledger().resolve(field.pointer) == field


@given(st.text(max_size=60))
def test_any_text_as_a_pointer_is_an_error_or_a_field(pointer: str) -> None:
    """Models write anything."""
    try:
        assert ledger().resolve(pointer).unit
    except PointerError as error:
        assert str(error)
