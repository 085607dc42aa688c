"""One SQLite file that keeps evidence, reports, samples over time, ledgers and the audit log.

Safe for several processes at once (WAL, one short immediate transaction per write, a bounded wait for the lock) and
for kill -9 (a write is acknowledged when its transaction is committed and synced).

StoreError   the file cannot be opened, read or written; the message says why and what to do
"""

import errno
import json
import os
import sqlite3
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_maintainer.evidence.migrations import migrations

if TYPE_CHECKING:  # imported where they are used: a server that is only asked for its tools needs none of them
    from sqlite_utils import Database

    from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing, Sample

    AnyEvidence = Measured | Derived | Declared | Missing
    from infra_maintainer.evidence.watched import Stretch, Watched

LOCK_WAIT_S = 10.0
LONGEST_READING_S = 3600


class StoreError(Exception):
    """The store cannot do what was asked."""


def default_path() -> Path:
    """Where the store lives: the user's state directory (XDG Base Directory; Application Support on macOS)."""
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "infra-maintainer" / "store.db"
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "infra-maintainer" / "store.db"


class Store:
    """The store at a path. Opens a connection per operation, so any thread and any process may use it."""

    def __init__(self, path: Path, lock_wait_s: float = LOCK_WAIT_S) -> None:
        self.path = path
        self._lock_wait_s = lock_wait_s

    @contextmanager
    def open(self) -> Generator["Database", None, None]:
        """A connection with the tables in place. Raises StoreError."""
        from sqlite_utils import Database

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = sqlite3.connect(self.path, timeout=self._lock_wait_s, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise self._error(error) from error
        db = Database(connection)
        try:
            _enable_wal(db, self._lock_wait_s)
            db.execute("pragma synchronous = full")
            self._migrate(db)
            yield db
        except (OSError, sqlite3.Error) as error:
            raise self._error(error) from error
        finally:
            db.close()

    @contextmanager
    def writing(self) -> Generator["Database", None, None]:
        """A connection inside one transaction that commits at the end, all of it or nothing. Raises StoreError.

        It takes the write lock at once: a transaction that reads first and then wants to write is refused by SQLite
        without any waiting when another process wrote in between.
        """
        with self.open() as db:
            db.execute("begin immediate")
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    def _migrate(self, db: "Database") -> None:
        """Bring the tables up to date, once, even when two processes meet on a new file."""
        steps = migrations()
        if not steps.pending(db):
            return
        db.execute("begin immediate")
        steps.apply(db)  # does nothing when another process was a moment faster
        db.commit()
        os.chmod(self.path, 0o600)

    def keep(
        self, evidence: "Iterable[AnyEvidence]", run: str, job: str, as_of: datetime, verdict: str, report: str
    ) -> None:
        """Keep one run whole: its evidence, its report, and its numbers as samples. All of it, or a StoreError."""
        records = list(evidence)
        with self.writing() as db:
            db.table("evidence").insert_all(
                (
                    {
                        "run": run,
                        "id": each.id,
                        "subject": each.subject,
                        "quantity": each.quantity,
                        "kind": each.kind,
                        "as_of": _iso(each.as_of),
                        "record": each.model_dump_json(exclude_none=True),
                    }
                    for each in records
                ),
                ignore=True,
            )
            db.table("samples").insert_all(_samples(records), ignore=True)
            db.table("reports").insert(
                {"run": run, "job": job, "as_of": _iso(as_of), "verdict": verdict, "report": report}, replace=True
            )

    def keep_samples(self, evidence: "Iterable[AnyEvidence]") -> None:
        """Keep only the numbers, as samples: what long work has learned so far. Raises StoreError."""
        with self.writing() as db:
            db.table("samples").insert_all(_samples(list(evidence)), ignore=True)

    def explain(self, ids: Iterable[str]) -> "dict[str, AnyEvidence]":
        """The records behind ids; an id that is not here is not in the result. Raises StoreError."""
        from infra_maintainer.evidence.model import evidence_from

        wanted = list(dict.fromkeys(ids))
        marks = ",".join("?" * len(wanted))
        with self.open() as db:
            rows = list(db.query(f"select id, record from evidence where id in ({marks})", wanted))
        return {row["id"]: evidence_from(json.loads(row["record"])) for row in rows}

    def report(self, run: str) -> str | None:
        """The JSON of a report by its run id, or None. Raises StoreError."""
        with self.open() as db:
            rows = list(db.query("select report from reports where run = ?", [run]))
        return rows[0]["report"] if rows else None

    def reports(self, job: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        """The newest reports: run, job, as_of, verdict. Raises StoreError."""
        where, arguments = ("where job = ?", [job, limit]) if job else ("", [limit])
        sql = f"select run, job, as_of, verdict from reports {where} order by as_of desc limit ?"
        with self.open() as db:
            return list(db.query(sql, arguments))

    def samples(self, quantity: str, subject: str, since: datetime) -> "list[Sample]":
        """Earlier values since a moment, oldest first. Raises StoreError."""
        from infra_maintainer.evidence.model import Sample

        sql = "select at, value from samples where quantity = ? and subject = ? and at >= ? order by at"
        with self.open() as db:
            rows = list(db.query(sql, [quantity, subject, since.timestamp()]))
        return [Sample(datetime.fromtimestamp(row["at"], UTC), row["value"]) for row in rows]

    def append(self, ledger: str, at: datetime, record: str) -> None:
        """Add one JSON record to a ledger (drills, forecasts), which is never changed. Raises StoreError."""
        with self.writing() as db:
            db.table("ledger").insert({"name": ledger, "at": _iso(at), "record": record})

    def ledger(self, name: str) -> list[str]:
        """Every JSON record of a ledger, oldest first. Raises StoreError."""
        with self.open() as db:
            return [row["record"] for row in db.query("select record from ledger where name = ? order by seq", [name])]

    def watched(self, quantity: str, subject: str, since: datetime) -> "list[Stretch]":
        """What `infra-maintainer watch` kept of one series, oldest first. Raises StoreError."""
        with self._sampler() as tables:
            return tables.read(quantity, subject, since.timestamp())

    def watched_series(self) -> list[tuple[str, str]]:
        """Every (quantity, subject) that `infra-maintainer watch` kept. Raises StoreError."""
        with self._sampler() as tables:
            return tables.series()

    @contextmanager
    def _sampler(self) -> "Generator[Watched, None, None]":
        from infra_maintainer.evidence.watched import Watched

        try:
            tables = Watched(self.path)
        except (OSError, sqlite3.Error) as error:
            raise self._error(error) from error
        try:
            yield tables
        except sqlite3.Error as error:
            raise self._error(error) from error
        finally:
            tables.close()

    def _error(self, error: Exception) -> StoreError:
        text = str(error)
        if "locked" in text:
            step = f"another process held it over {self._lock_wait_s:g} s; end it, or name another file with --store"
        elif "full" in text or "disk I/O" in text or getattr(error, "errno", None) in (errno.ENOSPC, errno.EFBIG):
            step = "free some space, or name a file on another disk with --store"
        elif "not a database" in text or "malformed" in text:
            step = "move the file away, then a new one is made; or name another with --store"
        else:
            step = "name a file that may be written with --store"
        return StoreError(f"the store {self.path} cannot be used ({text}): {step}")


def _enable_wal(db: "Database", wait_s: float) -> None:
    """Write-ahead log, once per file. Changing the mode does not wait for other processes, so we do."""
    end = time.monotonic() + wait_s
    while True:
        try:
            return db.enable_wal()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _samples(records: "list[AnyEvidence]") -> Iterator[dict[str, Any]]:
    """Measured numbers as samples; one statistic per quantity, the plain reading, so that like follows like.

    The mean of an hour and more is history itself: among the readings of minutes it would count as one of them.
    """
    from infra_maintainer.evidence.model import Measured

    for each in records:
        if (
            isinstance(each, Measured)
            and each.stat in ("instant", "mean", "rate", "ratio")
            and (each.window or 0) < LONGEST_READING_S
            and isinstance(each.value, int | float)
        ):
            yield {
                "quantity": each.quantity,
                "subject": each.subject,
                "at": each.as_of.timestamp(),
                "value": float(each.value),
            }
