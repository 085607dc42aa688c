"""Replication of PostgreSQL, seen from the primary and from the standby: who is behind, cut off, paused, or gone."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from infra_maintainer.databases.postgres import NoSlotLeft, ask
from infra_maintainer.evidence.model import Stat, Why
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.database import Database

NAMES = ["role", "replicas", "slots", "standby"]
GRANT = "GRANT pg_monitor TO the role that infra-maintainer uses"
DECLARE_PRIMARY = "declare the primary as a [[database]] of its own: only it knows what it wrote"


def subjects(survey: Survey) -> list[str]:
    """One subject per declared database."""
    return [f"database:{each.name}" for each in survey.system.database]


@source(
    title="replication of PostgreSQL",
    jobs=("health",),
    quantities=("db.replicas",),
    also=(
        "db.lag.bytes", "db.lag.time", "db.replay.paused", "db.slot.active", "db.slot.retained", "db.slot.status",
        "db.standby.receiving",
    ),
    subjects=subjects,
)  # fmt: skip
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One session per database; on a standby a second one after its window, to tell what stands from what flows."""
    for database in survey.system.database:
        told = _Told(survey, database)
        try:
            first = told.ask(NAMES)
            yield from told.primary(first)
            if before := _rows(first, "standby"):
                survey.world.clock.sleep(database.window_s)
                yield from told.standby(before[0], _rows(told.ask(["standby"]), "standby"))
        except NoSlotLeft as refused:
            yield told.gap("db.replicas", "unreachable", str(refused), "ask again when a connection is free")


class _Told:
    """The answers of one server on their way to evidence."""

    def __init__(self, survey: Survey, database: Database) -> None:
        self.survey, self.database, self.name = survey, database, database.name
        self.subject = f"database:{database.name}"

    def ask(self, names: list[str]) -> dict[str, Any]:
        """The answers of one session. Raise NoSlotLeft, WorldError."""
        asking = partial(ask, self.database, names, self.survey.world.deadline.remaining())
        return self.survey.world.engine("postgres", [self.name, *names], asking)  # type: ignore[no-any-return]  # JSON

    def primary(self, answers: dict[str, Any]) -> Iterator[AnyEvidence]:
        """What a server knows of those that follow it, and of the log that it keeps for them."""
        for name, quantity in (("replicas", "db.replicas"), ("slots", "db.slot.retained"), ("standby", "db.lag.bytes")):
            if isinstance(said := answers[name], dict):
                yield self.gap(quantity, said["why"], said["refused"], "see the server's log")  # pyright: ignore[reportUnknownArgumentType]  # JSON
        replicas, role = _rows(answers, "replicas"), _rows(answers, "role")
        if isinstance(answers["replicas"], list):
            yield self._value("db.replicas", len(replicas), "pg_stat_replication", stat="count")
        for name, state, behind, seconds in replicas:
            subject, origin = f"replica:{self.name}:{name}", f"pg_stat_replication ({state})"
            if behind is None:
                hidden = not (role and role[0][0])
                detail = "this role does not see the replica's position" if hidden else "it has not said how far it is"
                yield self.survey.missing(
                    "db.lag.bytes", "denied" if hidden else "no_data", detail, GRANT, source=origin, subject=subject
                )
                continue
            yield self._value("db.lag.bytes", behind, origin, subject=subject)
            if seconds is not None or not behind:
                said = f"{origin}: replay_lag" if seconds is not None else f"{origin}: nothing is left to replay"
                yield self._value("db.lag.time", float(seconds or 0), said, subject=subject)
        for name, active, status, retained in _rows(answers, "slots"):
            subject, origin = f"slot:{self.name}:{name}", "pg_replication_slots"
            yield self._value("db.slot.active", bool(active), origin, subject=subject)
            yield self._value("db.slot.status", status, origin, subject=subject)
            if retained is not None:
                yield self._value("db.slot.retained", retained, origin, subject=subject)

    def standby(self, before: list[Any], again: list[list[Any]]) -> Iterator[AnyEvidence]:
        """A quiet primary is no lag, nor is what a moment replays: lag is what was received before and still waits."""
        if not again:
            yield self.gap("db.lag.time", "no_data", "it ceased to be a standby during this look", "look again")
            return
        received_before = before[0]
        received, replayed, age, paused, receiving, follows, delay = again[0]
        yield self._value("db.replay.paused", bool(paused), "pg_is_wal_replay_paused")
        if received is None and receiving is False and follows is False:
            detail = "this standby reads an archive: what its primary wrote since is not known here"
            yield self.gap("db.lag.bytes", "not_supported", detail, DECLARE_PRIMARY)
            return
        if receiving is None:
            detail = "a receiver runs; this role does not see whether it streams"
            yield self.gap("db.standby.receiving", "denied", detail, GRANT)
        else:
            yield self._value("db.standby.receiving", receiving, "pg_stat_wal_receiver")
        if received is not None:
            yield self._value("db.lag.bytes", received - replayed, "received and not yet replayed")
        if receiving is False:
            detail = "it receives nothing from its primary now: what it lacks since is not known here"
            yield self.gap("db.lag.time", "no_data", detail, DECLARE_PRIMARY)
        elif received is None or received_before is None:
            yield self.gap("db.lag.time", "no_data", "it has received nothing so far", "look again in a minute")
        elif replayed >= received_before:
            said = "all that was received at the first of two readings is replayed"
            age = 0.0 if replayed >= received else self.database.window_s
            yield self._value("db.lag.time", age, said, stat="max", window=self.database.window_s)
        elif age is None:
            yield self.gap("db.lag.time", "no_data", "it has replayed no transaction since its start", DECLARE_PRIMARY)
        else:
            said = "at most: age of the last transaction that it replayed, while received ones wait"
            late = f", less the delay of {delay:g} s that it is set to" if delay else ""
            lag = max(0.0, float(age) - float(delay))
            yield self._value("db.lag.time", lag, f"{said}{late}", stat="max", window=self.database.window_s)

    def gap(self, quantity: str, why: Why, detail: str, how: str) -> AnyEvidence:
        """What this look leaves unknown of the database."""
        return self.survey.missing(quantity, why, detail, how, subject=self.subject, source="PostgreSQL replication")

    def _value(
        self,
        quantity: str,
        value: Any,
        origin: str,
        *,
        subject: str | None = None,
        stat: Stat = "instant",
        window: float | None = None,
    ) -> AnyEvidence:
        return self.survey.measured(
            quantity, value, subject=subject or self.subject, source=origin, stat=stat, window=window
        )


def _rows(answers: dict[str, Any], name: str) -> list[list[Any]]:
    answer = answers.get(name)
    return answer if isinstance(answer, list) else []  # pyright: ignore[reportUnknownVariableType]  # JSON rows
