"""Histories in our own store: what `infra-maintainer watch` sampled."""

from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from infra_maintainer.evidence.watched import Stretch
from infra_maintainer.history.trace import Trace

SIZE_OF = {
    "cpu.utilisation": "cpu.cores.usable",
    "memory.used": "memory.capacity",
    "disk.space.used": "disk.capacity",
}
CHANGED = 0.05


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
        changed, note = _limit_changed(store, quantity, subject, since)
        rows = [row for row in rows if row.at >= changed]
        note = (*note, *_restarts(store, subject, since)) if quantity == "cpu.utilisation" else note
        if rows:
            at, mean, peak = [r.at for r in rows], [r.mean for r in rows], [r.peak for r in rows]
            traces.append(Trace(quantity, subject, at, mean, peak, "samples of infra-maintainer watch", note))
    return traces


def _restarts(store: Keeps, subject: str, since: datetime) -> tuple[str, ...]:
    """Restarts seen as an uptime that went back; in roll-ups an hour counts once."""
    uptime = store.watched("uptime", subject, since)
    days = [
        f"{datetime.fromtimestamp(later.at, UTC):%Y-%m-%d}"
        for earlier, later in zip(uptime, uptime[1:], strict=False)
        if later.mean < earlier.mean
    ]
    return (f"the machine restarted {len(days)} times, last on {days[-1]}",) if days else ()


def _limit_changed(store: Keeps, quantity: str, subject: str, since: datetime) -> tuple[float, tuple[str, ...]]:
    """The last moment at which the size behind a share changed: before it the share meant something else."""
    name = SIZE_OF.get(quantity)
    sizes = store.watched(name, subject, since) if name else []
    for earlier, later in zip(reversed(sizes[:-1]), reversed(sizes[1:]), strict=True):
        if abs(later.mean - earlier.mean) > CHANGED * earlier.mean:
            day = f"{datetime.fromtimestamp(later.at, UTC):%Y-%m-%d}"
            # an hour in which it changed is a mixture: what follows it counts
            return later.at + later.seconds, (f"{name} changed on {day}: only the time since then is used",)
    return 0.0, ()
