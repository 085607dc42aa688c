"""Money carries its currency: the one unit that the vocabulary leaves to the record."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from infra_maintainer.evidence.model import Measured


def cost(unit: str) -> Measured:
    """A cost in some unit."""
    return Measured(
        subject="bill:main",
        quantity="bill.cost.effective",
        stat="sum",
        value=12.5,
        unit=unit,
        as_of=datetime(2026, 11, 1, tzinfo=UTC),
        source="test",
    )


@pytest.mark.parametrize("currency", ["USD", "EUR", "AI Credits"])
def test_money_is_in_the_currency_of_its_bill(currency: str) -> None:
    """ISO codes and the credits that FOCUS 1.2 allows."""
    assert cost(currency).unit == currency


@pytest.mark.parametrize("unit", ["money", "", "%", "$; DROP TABLE"])
def test_money_without_a_currency_is_refused(unit: str) -> None:
    """An amount whose currency nobody knows cannot be added to anything."""
    with pytest.raises(ValidationError):
        cost(unit)
