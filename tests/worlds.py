"""Evidence and worlds written by hand for tests."""

from datetime import UTC, datetime

from infra_maintainer.evidence.model import Measured, Missing, Scalar, Stat, Why
from infra_maintainer.evidence.vocabulary import unit_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def measured(
    quantity: str,
    value: Scalar,
    *,
    subject: str = "host:h",
    stat: Stat = "instant",
    n: int | None = None,
    window: float | None = None,
) -> Measured:
    """A measurement with the vocabulary's unit."""
    return Measured(
        subject=subject,
        quantity=quantity,
        stat=stat,
        value=value,
        unit=unit_of(quantity),
        n=n,
        window=window,
        as_of=NOW,
        source="test",
    )


def missing(quantity: str, why: Why, *, subject: str = "host:h") -> Missing:
    """A quantity that could not be known."""
    return Missing(
        subject=subject, quantity=quantity, why=why, detail="because", how="do this", as_of=NOW, source="test"
    )
