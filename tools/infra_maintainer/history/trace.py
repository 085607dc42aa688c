"""A history as it was read: times, values, peaks, where it came from, what was noticed."""

from typing import NamedTuple


class Trace(NamedTuple):
    """Epoch seconds with a mean and a maximum each; a plain sample is its own peak. `notes` go into the report."""

    quantity: str
    subject: str
    at: list[float]
    mean: list[float]
    peak: list[float]
    source: str
    notes: tuple[str, ...] = ()

    @property
    def days(self) -> float:
        """Days from the first to the last sample."""
        return (self.at[-1] - self.at[0]) / 86400 if self.at else 0.0


def from_pairs(
    quantity: str, subject: str, pairs: list[tuple[float, float]], source: str, *, counter: bool, notes: tuple[str, ...]
) -> Trace:
    """A trace of plain samples; of a counter the rates between its readings, resets left out and told."""
    pairs = sorted(pairs)
    if counter:
        rates: list[tuple[float, float]] = []
        resets = 0
        for (before, old), (at, new) in zip(pairs, pairs[1:], strict=False):
            if new < old:
                resets += 1
            elif at > before:
                rates.append((at, (new - old) / (at - before)))
        pairs = rates
        if resets:
            notes = (*notes, f"{resets} counter resets: those steps are left out")
    values = [value for _, value in pairs]
    return Trace(quantity, subject, [at for at, _ in pairs], values, values, source, notes)
