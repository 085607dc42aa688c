"""PostgreSQL as its users meet it: room for connections, waits, the costliest queries, and what wears out."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from infra_maintainer.databases.postgres import NoSlotLeft, ask
from infra_maintainer.evidence.model import Why
from infra_maintainer.evidence.show import many
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.system.database import Database

ONCE = [
    "role",
    "limits",
    "sessions",
    "blocked",
    "statements",
    "statements_info",
    "wraparound",
    "sequences",
    "tables",
]
GRANT = "GRANT pg_monitor TO the role that infra-maintainer uses"
LEAST_BLOCKS = 1000
FEWEST_SCANS = 20
XID_LIMIT = 2**31 - 1


def subjects(survey: Survey) -> list[str]:
    """One subject per declared database."""
    return [f"database:{each.name}" for each in survey.system.database]


@source(
    title="PostgreSQL",
    jobs=("health", "capacity"),
    quantities=("db.connections.used", "db.blocked", "db.query.time", "db.cache.hits"),
    also=(
        "db.connections",
        "db.connections.limit",
        "db.connections.refused",
        "db.deadlocks",
        "db.idle_in_transaction.age",
        "db.query.calls",
        "db.query.latency",
        "db.query.share",
        "db.query.text",
        "db.blocked.by",
        "db.queries.forgotten",
        "db.queries.since",
        "db.sequence.used",
        "db.statement.oldest",
        "db.table.scanned",
        "db.table.scans",
        "db.tables.scans",
        "db.temporary",
        "db.xid.age",
    ),
    subjects=subjects,
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One session per database, and a second one after its window for the counters."""
    for database in survey.system.database:
        try:
            first = survey.world.engine("postgres", [database.name, *ONCE], partial(_ask, survey, database, ONCE))
        except NoSlotLeft as refused:
            yield from _refused(survey, database, str(refused))
            continue
        if "no_slot" in first:
            yield from _refused(survey, database, str(first["no_slot"]))
            continue
        yield from _Told(survey, database, first).evidence()
        # Sessions of their own for the counters: what the first one read itself would count as the database's work.
        before = _counters(survey, database)
        survey.world.clock.sleep(database.window_s)
        yield from _Told(survey, database, before).over_the_window(_counters(survey, database))


def _counters(survey: Survey, database: Database) -> dict[str, Any]:
    names = ["counters"]
    return survey.world.engine("postgres", [database.name, *names], partial(_ask, survey, database, names))  # type: ignore[no-any-return]  # JSON


def _ask(survey: Survey, database: Database, names: list[str]) -> dict[str, Any]:
    try:
        return ask(database, names, survey.world.deadline.remaining())
    except NoSlotLeft as refused:
        return {"no_slot": str(refused)}


def _refused(survey: Survey, database: Database, said: str) -> Iterator[AnyEvidence]:
    subject, origin = f"database:{database.name}", f"connection to {database.host}:{database.port}"
    yield survey.measured("db.connections.refused", True, subject=subject, source=origin, quote=said)
    yield survey.measured("db.connections.used", 100.0, subject=subject, source=f"{origin}: refused, no slot was left")


class _Told:
    """The answers of one session on their way to evidence."""

    def __init__(self, survey: Survey, database: Database, answers: dict[str, Any]) -> None:
        self.survey, self.name, self.answers = survey, database.name, answers
        self.subject = f"database:{database.name}"
        role = self._rows("role")
        self.sees_all = bool(role and role[0][0])

    def evidence(self) -> Iterator[AnyEvidence]:
        """Everything that one look can say."""
        yield from self._connections()
        yield from self._waits()
        yield from self._queries()
        yield from self._wear()

    def over_the_window(self, again: dict[str, Any]) -> Iterator[AnyEvidence]:
        """What the differences of counters say; since-reset totals say nothing about now."""
        before, after = self._rows("counters"), again.get("counters")
        if not before or not isinstance(after, list) or not after:
            return
        hit, read, _, _, deadlocks, temporary, seconds = (b - a for a, b in zip(before[0], after[0], strict=True))
        origin = "pg_stat_database, two readings"
        if hit + read < LEAST_BLOCKS:
            yield self._gap(
                "db.cache.hits",
                "no_data",
                f"only {hit + read} blocks were asked for within {seconds:.1f} s",
                "ask again under load, or set a longer window_s",
                origin,
            )
        else:
            yield self.survey.measured(
                "db.cache.hits",
                percent(hit, hit + read),
                subject=self.subject,
                stat="ratio",
                n=int(hit + read),
                window=float(seconds),
                source=origin,
            )
        for quantity, value in (("db.deadlocks", deadlocks), ("db.temporary", temporary)):
            yield self._value(quantity, value, origin, window=float(seconds))

    def _rows(self, name: str) -> list[list[Any]]:
        answer = self.answers.get(name)
        return answer if isinstance(answer, list) else []  # pyright: ignore[reportUnknownVariableType]  # JSON rows

    def _value(
        self,
        quantity: str,
        value: Any,
        origin: str,
        *,
        subject: str | None = None,
        window: float | None = None,
        quote: str | None = None,
        stat: Any = "instant",
        n: int | None = None,
    ) -> AnyEvidence:
        return self.survey.measured(
            quantity, value, subject=subject or self.subject, source=origin, window=window, quote=quote, stat=stat, n=n
        )

    def _gap(self, quantity: str, why: Why, detail: str, how: str, origin: str) -> AnyEvidence:
        return self.survey.missing(quantity, why, detail, how, subject=self.subject, source=origin)

    def _connections(self) -> Iterator[AnyEvidence]:
        limits, sessions = self._rows("limits"), self._rows("sessions")
        if not limits:
            return
        room = limits[0][0] - limits[0][1] - limits[0][2]
        yield self._value("db.connections.limit", room, "max_connections less the reserved ones")
        if not self.sees_all:
            detail = "this role does not see other sessions"
            yield self._gap("db.connections.used", "denied", detail, GRANT, "pg_stat_activity")
        elif sessions:
            used = sessions[0][0]
            yield self._value("db.connections", used, "pg_stat_activity, client backends")
            share = percent(used, room)
            yield self._value(
                "db.connections.used", share, f"pg_stat_activity: {used} client backends of {room}", n=used or None
            )

    def _waits(self) -> Iterator[AnyEvidence]:
        blocked, sessions = self._rows("blocked"), self._rows("sessions")
        if isinstance(self.answers.get("blocked"), list):
            yield self._value("db.blocked", len(blocked), "pg_blocking_pids")
        for pid, holder, seconds, state, query in blocked[:3]:
            yield self._value(
                "db.blocked.by",
                float(seconds),
                f"session {pid} waits for session {holder} ({state})",
                subject=f"session:{self.name}:{pid}",
                quote=query,
            )
        if self.sees_all and sessions:
            yield self._value("db.idle_in_transaction.age", float(sessions[0][3]), "pg_stat_activity")
            yield self._value("db.statement.oldest", float(sessions[0][4]), "pg_stat_activity")

    def _queries(self) -> Iterator[AnyEvidence]:
        rows = self._rows("statements")
        if not rows:
            said = self.answers.get("statements")
            detail = said["refused"] if isinstance(said, dict) else "pg_stat_statements holds no statement"
            how = "shared_preload_libraries = 'pg_stat_statements', then CREATE EXTENSION pg_stat_statements"
            yield self._gap("db.query.time", "not_supported", str(detail), how, "pg_stat_statements")
            return
        if not self.sees_all and any(str(row[7]) == "<insufficient privilege>" for row in rows):
            detail = "this role does not see the texts and figures of other roles' queries"
            yield self._gap("db.query.text", "denied", detail, GRANT, "pg_stat_statements")
        yield self._value("db.query.time", float(rows[0][8]) / 1000, "pg_stat_statements, since its reset", stat="sum")
        if info := self._rows("statements_info"):
            yield self._value("db.queries.forgotten", int(info[0][0]), "pg_stat_statements_info")
            yield self._value("db.queries.since", float(info[0][1]), "pg_stat_statements_info")
        for queryid, calls, total, mean, longest, _, _, text, whole, _ in rows:
            subject = f"query:{self.name}:{queryid}"
            origin = "pg_stat_statements, since its reset"
            if queryid is None:
                continue
            if whole:
                yield self._value(
                    "db.query.share", percent(total, whole), origin, subject=subject, stat="ratio", quote=text
                )
            yield self._value("db.query.time", float(total) / 1000, origin, subject=subject, stat="sum", n=int(calls))
            yield self._value("db.query.calls", int(calls), origin, subject=subject, stat="count")
            yield self._value("db.query.latency", float(mean), origin, subject=subject, stat="mean", n=int(calls))
            yield self._value("db.query.latency", float(longest), origin, subject=subject, stat="max", n=int(calls))

    def _wear(self) -> Iterator[AnyEvidence]:
        for name, age, _ in self._rows("wraparound")[:1]:
            share = percent(age, XID_LIMIT)
            yield self._value("db.xid.age", share, f"age(datfrozenxid) of {name}: {age} transactions")
        hidden = 0
        for name, last, most, readable in self._rows("sequences"):
            if last is not None and most:
                subject = f"sequence:{self.name}:{name}"
                yield self._value("db.sequence.used", percent(last, most), "pg_sequences", subject=subject)
            hidden += not readable
        if hidden:
            detail = f"{hidden} sequences may not be read by this role"
            how = "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO the role that infra-maintainer uses"
            yield self._gap("db.sequence.used", "denied", detail, how, "pg_sequences")
        yield from self._scans()

    def _scans(self) -> Iterator[AnyEvidence]:
        """How tables are read. A reset and a crash set the counts to zero, the rows of a table too: few say nothing."""
        rows, said = self._rows("tables"), self.answers.get("tables")
        origin = "pg_stat_user_tables"
        if isinstance(said, dict):
            yield self._gap("db.tables.scans", said["why"], said["refused"], "see the server's log", origin)
        for name, scans, read, by_index in (row[:4] for row in rows if all(row[4:5])):
            subject = f"table:{self.name}:{name}"
            if scans:
                yield self._value(
                    "db.table.scanned", read / scans, "pg_stat_user_tables", subject=subject, stat="mean", n=scans
                )
                share = percent(scans, scans + by_index)
                yield self._value("db.table.scans", share, "pg_stat_user_tables", subject=subject, n=scans + by_index)
        if not rows or len(rows[0]) < 8:  # a database without tables, or a recording from before they were summed up
            return
        *_, large, all_scans, counts = rows[0]
        if not counts:
            how = "ALTER SYSTEM SET track_counts = on, and reload"
            yield self._gap("db.tables.scans", "no_data", "track_counts is off: no scan is counted", how, origin)
        elif all_scans < FEWEST_SCANS:
            counted = many(all_scans, "scan")
            detail = f"{counted} of its tables counted so far: a new server, or its statistics were reset or lost"
            yield self._gap("db.tables.scans", "no_data", detail, "ask again when users have worked with it", origin)
        else:
            seen = f"{origin}, since their reset: {many(large, 'table')} known to hold over 10000 rows"
            yield self._value("db.tables.scans", int(all_scans), seen, stat="count")
