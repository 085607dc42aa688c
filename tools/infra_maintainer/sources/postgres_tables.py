"""Health of a PostgreSQL database's tables and indexes: what is dead weight, broken, twice there, never cleaned."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from infra_maintainer.databases.bloat import NOT_ESTIMATED, estimated_bloat
from infra_maintainer.databases.index_bloat import NOT_ESTIMATED as INDEX_NOT_ESTIMATED
from infra_maintainer.databases.index_bloat import Bloat, Index, Unestimated, estimated_index_bloat
from infra_maintainer.databases.postgres import NoSlotLeft, ask
from infra_maintainer.databases.postgres_health_questions import HEALTH_QUESTIONS
from infra_maintainer.evidence.model import Why
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import MEND_STORE, Survey, percent
from infra_maintainer.system.database import Database
from infra_maintainer.world.failure import WorldError

NAMES = list(HEALTH_QUESTIONS)
OWED = ("db.indexes", "db.tables")
ASK_PRIMARY = "ask the primary: declare it as a [[database]] of its own"
GET_BLOAT: dict[str, str] = {
    "not_supported": "CREATE EXTENSION pgstattuple in that database",
    "denied": "GRANT pg_stat_scan_tables, or pg_monitor which holds it, TO the role that infra-maintainer uses",
    "no_data": "ANALYZE it, and let the role read its columns, for an estimate; or measure it in a quiet hour by "
    "pgstattuple_approx",
}
ASK_AGAIN = "ask again when the server is less busy"
ONE_RUN_S = 60.0  # what one run keeps bears moments that are a little apart
MEMORY = timedelta(days=400)


def subjects(survey: Survey) -> list[str]:
    """One subject per declared database."""
    return [f"database:{each.name}" for each in survey.system.database]


@source(
    title="tables and indexes of PostgreSQL",
    jobs=("health",),
    quantities=OWED,
    also=(
        "db.autovacuum",
        "db.indexes.unused", "db.index.unused", "db.index.unused.for", "db.indexes.duplicate", "db.index.duplicate",
        "db.indexes.invalid", "db.index.invalid", "db.table.dead", "db.table.dead_rows",
        "db.table.unvacuumed", "db.table.autovacuum", "db.table.vacuuming", "db.table.size", "db.table.bloat",
        "db.table.bloat.estimate", "db.index.size", "db.index.bloat.least", "db.index.bloat.most", "db.index.spare",
    ),
    subjects=subjects,
)  # fmt: skip
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One session per database. A question that the server refuses is Missing alone."""
    answered: list[tuple[Database, dict[str, Any]]] = []
    for database in survey.system.database:
        asking = partial(ask, database, NAMES, survey.world.deadline.remaining())
        try:
            answered.append((database, survey.world.engine("postgres", [database.name, *NAMES], asking)))
        except (NoSlotLeft, WorldError) as error:
            why: Why = error.why if isinstance(error, WorldError) else "unreachable"
            how = error.how if isinstance(error, WorldError) else "ask again when a connection is free"
            for quantity in OWED:
                yield survey.missing(
                    quantity, why, str(error), how, subject=f"database:{database.name}", source="connection"
                )
    primaries = {_identity(answers): each.name for each, answers in answered if not _is_standby(answers)}
    for database, answers in answered:
        primary = primaries.get(_identity(answers)) if _is_standby(answers) else None
        yield from _Told(survey, database, answers, primary).evidence()


def _identity(answers: dict[str, Any]) -> str | None:
    """Which cluster and database this is, the same on a primary and on its standbys; None when it is not told."""
    rows = answers["identity"]
    return str(rows[0][0]) if isinstance(rows, list) and rows else None  # pyright: ignore[reportUnknownArgumentType]


def _is_standby(answers: dict[str, Any]) -> bool:
    rows = answers["identity"]
    return bool(isinstance(rows, list) and rows and rows[0][1])  # pyright: ignore[reportUnknownArgumentType]


class _Told:
    """The answers of one session on their way to evidence."""

    def __init__(self, survey: Survey, database: Database, answers: dict[str, Any], primary: str | None) -> None:
        self.survey, self.name, self.answers, self.primary_name = survey, database.name, answers, primary
        self.subject = f"database:{database.name}"
        counting = answers["counting"]
        if not isinstance(counting, list) or not counting:
            said = counting["refused"] if isinstance(counting, dict) else "pg_stat_database has no row"
            raise WorldError("error", f"PostgreSQL {database.name}: {said}", "see the server's log")
        rows: list[Any] = counting
        self.age, since, self.reset, self.counts, self.standby, self.tables, self.indexes, base, self.cleans = rows[0]
        self.since = f"{'the reset of the statistics' if self.reset else 'the start of the server at least'} ({since})"
        self.origin = f"database {base}"
        self.unread = ""

    def evidence(self) -> Iterator[AnyEvidence]:
        """Indexes first, then tables."""
        yield self._value("db.indexes", self.indexes, f"pg_stat_user_indexes, {self.origin}")
        yield self._value("db.tables", self.tables, f"pg_stat_user_tables, {self.origin}")
        if not self.standby:
            says = "autovacuum" if self.counts else "autovacuum, which needs track_counts: it is off"
            yield self._value("db.autovacuum", bool(self.cleans and self.counts), says)
        if not self.tables:
            detail = f"{self.origin} holds no table of yours"
            how = "name the database that holds the tables: dbname in [[database]]"
            for quantity in ("db.indexes.unused", "db.table.dead", "db.table.bloat", "db.index.bloat.least"):
                yield self._gap(quantity, "no_data", detail, how)
            return
        if self.primary_name is not None:
            detail = (
                f"a standby is a copy of its primary: its tables and indexes are judged there, as {self.primary_name}"
            )
            for quantity in ("db.indexes.invalid", "db.indexes.duplicate", "db.indexes.unused", "db.table.dead",
                             "db.table.bloat", "db.index.bloat.least"):  # fmt: skip
                yield self._gap(quantity, "not_supported", detail, f"look at {self.primary_name}")
            return
        yield from self._broken()
        yield from self._twice()
        yield from self._unused()
        yield from self._dead()
        yield from self._bloat()
        yield from self._index_bloat()

    def _broken(self) -> Iterator[AnyEvidence]:
        rows = self._rows("indexes_broken")
        if rows is None:
            yield self._refused("indexes_broken", "db.indexes.invalid")
            return
        if rows and rows[0][2]:
            detail = f"{len(rows)} indexes are not valid; {rows[0][2]} builds are under way that this role does not see"
            yield self._gap("db.indexes.invalid", "denied", detail, "GRANT pg_monitor TO the role, or look again later")
            return
        yield self._value("db.indexes.invalid", rows[0][1] if rows else 0, "pg_index", stat="count")
        for name, _, _ in rows:
            yield self._value("db.index.invalid", True, "pg_index", subject=f"index:{self.name}:{name}")

    def _twice(self) -> Iterator[AnyEvidence]:
        rows = self._rows("indexes_twice")
        if rows is None:
            yield self._refused("indexes_twice", "db.indexes.duplicate")
            return
        yield self._value("db.indexes.duplicate", len(rows), "pg_index", stat="count")
        for name, kept, size, bound in sorted(rows, key=lambda row: -row[2])[:5]:
            told = f"the same as {kept}{', and behind a constraint' if bound else ''}"
            yield self._value("db.index.duplicate", size, told, subject=f"index:{self.name}:{name}")

    def _unused(self) -> Iterator[AnyEvidence]:
        rows = self._rows("indexes_unused")
        if rows is None:
            yield self._refused("indexes_unused", "db.indexes.unused")
            return
        if self.standby:
            detail = "a standby counts its own scans only, the primary and other replicas may use every index"
            yield self._gap("db.indexes.unused", "not_supported", detail, ASK_PRIMARY)
            return
        if not self.counts:
            yield self._uncounted("db.indexes.unused")
            return
        origin = f"no scan since {self.since}, on this server only"
        count = rows[0][4] if rows else 0
        yield self._value("db.indexes.unused", count, f"pg_stat_user_indexes, 1 MiB and more: {origin}", stat="count")
        first_look, now = self._first_kept("db.indexes", self.subject), self.survey.world.clock.now().timestamp()
        for name, table, size, expression, _, _, known_age in rows[:10]:
            subject = f"index:{self.name}:{name}"
            why = " its statistics may still help the planner: it is over an expression;" if expression else ""
            yield self._value("db.index.unused", size, f"on {table};{why} pg_stat_user_indexes", subject=subject)
            if known_age is not None:
                age, told = min(self.age, float(known_age)), "made later than that" if known_age < self.age else ""
            elif first_look and (seen := self._first_kept("db.index.unused", subject) or now) > first_look + ONE_RUN_S:
                age, told = min(self.age, now - seen), "not there when infra-maintainer first looked"
            else:
                age, told = self.age, f"or since it was made, if that was later{self.unread}"
            yield self._value("db.index.unused.for", float(age), f"{origin}{told and f' ({told})'}", subject=subject)

    def _dead(self) -> Iterator[AnyEvidence]:
        rows = self._rows("tables_dead")
        if rows is None:
            yield self._refused("tables_dead", "db.table.dead")
            return
        if self.standby:
            yield self._gap("db.table.dead", "not_supported", "a standby does not count dead rows", ASK_PRIMARY)
            return
        if not self.counts:
            yield self._uncounted("db.table.dead")
            return
        for name, live, dead, age, automatic, running in rows:
            subject, origin = f"table:{self.name}:{name}", "pg_stat_user_tables, the server's own estimate"
            yield self._value("db.table.dead", percent(dead, live + dead), origin, subject=subject, stat="ratio")
            yield self._value("db.table.dead_rows", dead, origin, subject=subject)
            yield self._value("db.table.autovacuum", automatic, "autovacuum, autovacuum_enabled", subject=subject)
            if running:
                yield self._value("db.table.vacuuming", True, "pg_stat_progress_vacuum", subject=subject)
            told = "last_vacuum, last_autovacuum" if age is not None else f"no vacuum since {self.since}"
            yield self._value("db.table.unvacuumed", float(self.age if age is None else age), told, subject=subject)

    def _bloat(self) -> Iterator[AnyEvidence]:
        exact = self._rows("tables_bloat") or []
        for name, size, share, dead in exact:
            subject, origin = f"table:{self.name}:{name}", f"pgstattuple_approx, {dead:.3g} % of it dead rows"
            yield self._value("db.table.size", size, "pg_relation_size", subject=subject)
            yield self._value("db.table.bloat", float(share), origin, subject=subject, stat="ratio")
        widths = self._rows("tables_width")
        if widths is None:
            yield self._refused("tables_width", "db.table.bloat")
            return
        unseen: list[str] = []
        for row in widths:
            name, size = row[0], row[1]
            if name in {each[0] for each in exact}:
                continue
            guess = estimated_bloat(*row[1:])
            if guess is None:
                unseen.append(name)
                continue
            subject, origin = f"table:{self.name}:{name}", "an estimate from the widths in pg_stats, not a measurement"
            yield self._value("db.table.size", size, "pg_relation_size", subject=subject)
            yield self._value("db.table.bloat.estimate", guess, origin, subject=subject, stat="ratio")
        if unseen:
            said = self.answers["tables_bloat"]
            refused = isinstance(said, dict)
            told = f"pgstattuple_approx: {said['refused']}" if refused else "too much of it to read for a measurement"
            detail = f"{', '.join(unseen)}: {told}; {NOT_ESTIMATED}"
            why: Why = said["why"] if refused else "no_data"
            yield self._gap("db.table.bloat", why, detail, GET_BLOAT.get(why, ASK_AGAIN))

    def _index_bloat(self) -> Iterator[AnyEvidence]:
        rows = self._rows("indexes_width")
        if rows is None:
            yield self._refused("indexes_width", "db.index.bloat.least")
            return
        if self.standby and rows:
            detail = "a standby does not count what changed since the statistics of columns were made"
            yield self._gap("db.index.bloat.least", "not_supported", detail, ASK_PRIMARY)
            return
        without: dict[Unestimated, list[str]] = {}
        for index in map(Index.of, rows):
            guess = estimated_index_bloat(index)
            if not isinstance(guess, Bloat):
                without.setdefault(guess, []).append(index.name)
                continue
            subject, origin = f"index:{self.name}:{index.name}", "an estimate from pg_stats, not a measurement"
            spare = index.size * guess.least // 100
            yield self._value("db.index.size", index.size, "pg_relation_size", subject=subject)
            yield self._value("db.index.spare", spare, origin, subject=subject)
            yield self._value("db.index.bloat.least", float(guess.least), origin, subject=subject, stat="ratio")
            yield self._value("db.index.bloat.most", float(guess.most), origin, subject=subject, stat="ratio")
        for reason, names in without.items():
            why, detail, how = INDEX_NOT_ESTIMATED[reason]
            yield self._gap("db.index.bloat.least", why, f"{', '.join(names)}: {detail}", how)

    def _first_kept(self, quantity: str, subject: str) -> float | None:
        """When an earlier run first kept this quantity, in seconds since 1970; None without a store or a sample."""
        question = {"quantity": quantity, "subject": subject, "first": True}
        try:
            answer = self.survey.world.engine("kept_samples", question, partial(self._ask_store, quantity, subject))
        except WorldError:  # what the database says now does not hang on it
            self.unread = "; earlier looks cannot be read"
            return None
        return None if answer is None else float(answer)

    def _ask_store(self, quantity: str, subject: str) -> float | None:
        if self.survey.history is None:
            return None
        try:
            kept = self.survey.history.samples(quantity, subject, self.survey.world.clock.now() - MEMORY)
        except StoreError as error:
            raise WorldError("error", str(error), MEND_STORE) from error
        return kept[0].at.timestamp() if kept else None

    def _rows(self, name: str) -> list[Any] | None:
        answer = self.answers[name]
        return answer if isinstance(answer, list) else None  # pyright: ignore[reportUnknownVariableType]  # JSON rows

    def _value(
        self, quantity: str, value: Any, origin: str, *, subject: str | None = None, stat: Any = "instant"
    ) -> AnyEvidence:
        return self.survey.measured(quantity, value, subject=subject or self.subject, source=origin, stat=stat)

    def _gap(self, quantity: str, why: Why, detail: str, how: str) -> AnyEvidence:
        return self.survey.missing(quantity, why, detail, how, subject=self.subject, source="PostgreSQL statistics")

    def _refused(self, question: str, quantity: str) -> AnyEvidence:
        said = self.answers[question]
        return self._gap(quantity, said["why"], said["refused"], "GRANT pg_monitor TO the role, or see its log")

    def _uncounted(self, quantity: str) -> AnyEvidence:
        return self._gap(quantity, "not_supported", "track_counts is off: the server counts nothing", "set it to on")
