"""Histories in our own store: what `infra-maintainer watch` sampled."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from infra_maintainer.evidence.watched import Stretch
from infra_maintainer.history.trace import Trace


@runtime_checkable
class Keeps(Protocol):
    """A store that a sampler wrote to."""

    def watched(self, quantity: str, subject: str, since: datetime) -> list[Stretch]:
        """One series, oldest first."""
        ...

    def watched_series(self) -> list[tuple[str, str]]:
        """Every (quantity, subject) there is."""
        ...


def read_kept(store: Keeps, quantities: frozenset[str], since: datetime) -> list[Trace]:
    """Every kept series of the given quantities since a moment."""
    traces: list[Trace] = []
    for quantity, subject in store.watched_series():
        if quantity not in quantities:
            continue
        rows = store.watched(quantity, subject, since)
        if rows:
            at, mean, peak = [r.at for r in rows], [r.mean for r in rows], [r.peak for r in rows]
            traces.append(Trace(quantity, subject, at, mean, peak, "samples of infra-maintainer watch"))
    return traces
