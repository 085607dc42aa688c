"""What a source is given: the world to read from, the declared system, and the way to write evidence."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from infra_maintainer.evidence.model import Declared, Measured, Missing, Sample, Scalar, Stat, Why
from infra_maintainer.evidence.redact import quote as safe
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.system.system import System
from infra_maintainer.world.world import World


@runtime_checkable
class Ledgers(Protocol):
    """Records that are only appended to; the store keeps them too."""

    def ledger(self, name: str) -> list[str]:
        """The JSON records of a ledger, oldest first."""
        ...


MEND_STORE = "name a store that can be used with --store"


class History(Protocol):
    """Earlier samples; the store is one."""

    def samples(self, quantity: str, subject: str, since: datetime) -> list[Sample]:
        """Samples since a moment, oldest first."""
        ...


class Survey:
    """One look at one system. `options` are the job's own settings, `history` is None when nothing is kept."""

    def __init__(
        self,
        world: World,
        system: System,
        *,
        history: History | None = None,
        options: dict[str, Any] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.world = world
        self.system = system
        self.history = history
        self.options = options or {}
        self._progress = progress
        self._shared: dict[str, Future[Any]] = {}
        self._sharing = threading.Lock()

    @property
    def machine(self) -> str:
        """The subject of the machine looked at."""
        return f"host:{self.world.host.name}"

    def say(self, message: str) -> None:
        """Report progress to whoever waits."""
        if self._progress:
            self._progress(message)

    def once(self, name: str, look: Callable[[], Any]) -> Any:
        """What `look` gives or raises, looked at once per survey: for the answers that several sources read."""
        with self._sharing:
            known = self._shared.get(name)
            mine = self._shared.setdefault(name, Future()) if known is None else None
        if mine is None:
            assert known is not None
            return known.result()
        try:
            mine.set_result(look())
        except Exception as error:
            mine.set_exception(error)
        return mine.result()

    def measured(
        self,
        quantity: str,
        value: Scalar,
        *,
        source: str,
        subject: str | None = None,
        stat: Stat = "instant",
        n: int | None = None,
        window: float | None = None,
        duration: float | None = None,
        quote: str | None = None,
        as_of: datetime | None = None,
        currency: str | None = None,
    ) -> Measured:
        """A measurement with the vocabulary's unit, money in its currency. `quote` is outside text, made safe here."""
        return Measured(
            subject=subject or self.machine,
            quantity=quantity,
            stat=stat,
            value=_tidy(value) if currency is None or not isinstance(value, float) else round(value, 4),
            unit=currency or unit_of(quantity),
            n=n,
            window=None if window is None else round(window, 3),
            as_of=as_of or self.world.clock.now(),
            source=safe(source),
            duration=None if duration is None else round(duration, 4),
            quote=None if quote is None else safe(quote),
        )

    def declared(
        self,
        quantity: str,
        value: Scalar,
        *,
        subject: str,
        declared_on: Any = None,
        currency: str | None = None,
        source: str = "infra.toml",
    ) -> Declared:
        """Something the owner wrote in infra.toml, or a default of ours that holds until they do."""
        return Declared(
            subject=subject,
            quantity=quantity,
            value=_tidy(value),
            unit=currency or unit_of(quantity),
            declared_on=declared_on,
            as_of=self.world.clock.now(),
            source=source,
        )

    def missing(
        self, quantity: str, why: Why, detail: str, how: str, *, source: str, subject: str | None = None
    ) -> Missing:
        """Something that could not be known."""
        return Missing(
            subject=subject or self.machine,
            quantity=quantity,
            why=why,
            detail=safe(detail, 400),
            how=safe(how, 400),
            as_of=self.world.clock.now(),
            source=safe(source),
        )


def _tidy(value: Scalar) -> Scalar:
    """Floats to 6 significant digits: what is kept is what can be compared, and ids do not hang on noise."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def percent(part: float, whole: float) -> float:
    """Part of whole in per cent. Raises ZeroDivisionError: a share of nothing is not a number."""
    return part / whole * 100
