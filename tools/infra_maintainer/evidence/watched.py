"""Samples at a steady pace, kept small: raw for days, hourly roll-ups for years. In the store's file, stdlib only.

The sampler must stay tiny, so nothing here imports more than sqlite3.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

TABLES = """
create table if not exists watch_series (id integer primary key, quantity text not null, subject text not null,
    unique (quantity, subject)) strict;
create table if not exists watch_raw (series integer, at integer, value real not null,
    primary key (series, at)) strict, without rowid;
create table if not exists watch_hour (series integer, hour integer, n integer not null, mean real not null,
    low real not null, high real not null, primary key (series, hour)) strict, without rowid;
"""
HOUR_S = 3600
RAW_DAYS = 8
HOURLY_DAYS = 800
LOCK_WAIT_S = 10.0


class Reading(NamedTuple):
    """One value of one series."""

    quantity: str
    subject: str
    value: float


class Stretch(NamedTuple):
    """A mean and a maximum over `seconds` from `at` (epoch seconds); a raw sample has no length."""

    at: float
    mean: float
    peak: float
    seconds: float


class Watched:
    """The sampler's tables in the store's file. Every method may raise sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(path, timeout=LOCK_WAIT_S, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")  # kill -9 loses nothing; a power cut may lose the last seconds
        self._db.execute("pragma cache_size = -1024")
        self._db.executescript(TABLES)
        path.chmod(0o600)
        self._ids: dict[tuple[str, str], int] = {
            (quantity, subject): id for id, quantity, subject in self._db.execute("select * from watch_series")
        }

    def keep(self, at: int, readings: Iterable[Reading]) -> None:
        """All readings of one moment, or none of them."""
        self._db.execute("begin immediate")
        try:
            rows = [(self._id(each.quantity, each.subject), at, each.value) for each in readings]
            self._db.executemany("insert or replace into watch_raw values (?, ?, ?)", rows)
            self._db.execute("commit")
        except BaseException:
            self._db.execute("rollback")
            self._ids = {}
            raise

    def roll_up(self, now: int) -> None:
        """Make hours of what is complete, and drop raw samples and hours that are past their time."""
        this_hour = now // HOUR_S
        self._db.execute("begin immediate")
        try:
            self._db.execute(
                "insert or replace into watch_hour select series, at / 3600, count(*), avg(value), min(value),"
                " max(value) from watch_raw where at >= ? and at < ? group by series, at / 3600",
                ((self._last_hour() + 1) * HOUR_S, this_hour * HOUR_S),
            )
            self._db.execute("delete from watch_raw where at < ?", (now - RAW_DAYS * 86400,))
            self._db.execute("delete from watch_hour where hour < ?", (this_hour - HOURLY_DAYS * 24,))
            self._db.execute("commit")
        except BaseException:
            self._db.execute("rollback")
            raise

    def series(self) -> list[tuple[str, str]]:
        """Every (quantity, subject) that was ever kept."""
        return list(self._db.execute("select quantity, subject from watch_series order by id"))

    def read(self, quantity: str, subject: str, since: float) -> list[Stretch]:
        """Hours where only roll-ups are left, then raw samples, oldest first."""
        key = self._ids.get((quantity, subject))
        if key is None:
            return []
        raw = self._db.execute(
            "select at, value from watch_raw where series = ? and at >= ? order by at", (key, since)
        ).fetchall()
        # the first raw hour may be cut by the retention: its roll-up is whole
        begin = (raw[0][0] // HOUR_S + 1) * HOUR_S if raw else 1 << 40
        hours = self._db.execute(
            "select hour, mean, high from watch_hour where series = ? and hour >= ? and hour < ? order by hour",
            (key, int(since) // HOUR_S, begin // HOUR_S),
        ).fetchall()
        if not hours:
            begin = 0
        return [Stretch(hour * HOUR_S, mean, high, HOUR_S) for hour, mean, high in hours] + [
            Stretch(at, value, value, 0) for at, value in raw if at >= begin
        ]

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _last_hour(self) -> int:
        found = self._db.execute("select max(hour) from watch_hour").fetchone()[0]
        if found is not None:
            return int(found)
        first = self._db.execute("select min(at) from watch_raw").fetchone()[0]
        return (int(first) // HOUR_S if first is not None else 0) - 1

    def _id(self, quantity: str, subject: str) -> int:
        key = (quantity, subject)
        if key not in self._ids:
            self._db.execute("insert or ignore into watch_series (quantity, subject) values (?, ?)", key)
            sql = "select id from watch_series where quantity = ? and subject = ?"
            self._ids[key] = int(self._db.execute(sql, key).fetchone()[0])
        return self._ids[key]
