"""Replication of PostgreSQL against a real primary and a real streaming standby; psql on both is the oracle."""

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.database import Database
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services.postgres import Postgres, postgres, standby

STRICT: dict[str, float | bool] = {"health.db.lag.time": 0.4}
REPLICA = "replica:main:walreceiver@127.0.0.1/32"


class Pair:
    """A primary and its standby, each of which a test may stop."""

    def __init__(self, primary: Postgres, replica: Postgres, stop_primary: ExitStack, stop_replica: ExitStack) -> None:
        self.primary, self.replica = primary, replica
        self.stop_primary, self.stop_replica = stop_primary, stop_replica

    def write(self, rows: int) -> None:
        """Rows of half a kilobyte on the primary."""
        self.primary.sql(f"INSERT INTO notes SELECT repeat('z', 500) FROM generate_series(1, {rows})")

    def caught_up(self) -> None:
        """Wait until the standby has replayed all that the primary wrote."""
        written = self.primary.sql("SELECT pg_current_wal_lsn()")
        until(self.replica, f"SELECT pg_last_wal_replay_lsn() >= '{written}'")


@contextmanager
def replicating() -> Generator[Pair]:
    """Both running, caught up, with a monitoring role and a plain one."""
    with ExitStack() as outer:
        stop_primary = outer.enter_context(ExitStack())
        primary = stop_primary.enter_context(postgres({"wal_receiver_timeout": "5s"}))
        primary.sql(
            "CREATE ROLE watcher LOGIN IN ROLE pg_monitor; CREATE ROLE plain LOGIN; CREATE TABLE notes (t text)"
        )
        stop_replica = outer.enter_context(ExitStack())
        replica = stop_replica.enter_context(standby(primary, "reader"))
        both = Pair(primary, replica, stop_primary, stop_replica)
        until(primary, "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'")
        primary.sql("INSERT INTO notes VALUES ('first')")  # before its first transaction a standby knows no age
        both.caught_up()
        yield both


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """One pair for the tests that leave it as it was."""
    with replicating() as both:
        yield both


@pytest.fixture
def own_pair() -> Iterator[Pair]:
    """A pair of which the test stops one."""
    with replicating() as both:
        yield both


def look(server: Postgres, user: str = "watcher", window_s: float = 0.2, also: str = "") -> list[AnyEvidence]:
    """What the source says of a server."""
    database = Database(name="main", host="127.0.0.1", port=server.port, user=user, window_s=window_s)
    source = tuple(each for each in all_sources() if each.name in ("postgres_replication", also))
    return gather(source, Survey(LiveWorld(20), System(database=[database])))


def judged(evidence: list[AnyEvidence], overrides: dict[str, float | bool] | None = None) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(overrides), "health", datetime.now(UTC), users_first=False)


def value(evidence: list[AnyEvidence], quantity: str, subject: str = "database:main") -> float:
    """The one measured value."""
    (found,) = [e for e in evidence if isinstance(e, Measured) and (e.quantity, e.subject) == (quantity, subject)]
    return float(found.value)


def until(server: Postgres, question: str) -> None:
    """Wait until the server answers the question with true."""
    end = time.monotonic() + 15
    while server.sql(question) != "t":
        assert time.monotonic() < end, question
        time.sleep(0.05)


@requirement("monitoring.database_load")
def test_a_paused_standby_falls_behind_and_a_quiet_primary_makes_no_lag(pair: Pair) -> None:
    """The age of the last replayed transaction grows on both; only the paused one has something left to replay."""
    until(pair.replica, "SELECT now() - pg_last_xact_replay_timestamp() > interval '1 second'")
    for quiet in (look(pair.primary), look(pair.replica)):
        report = judged(quiet, STRICT)
        assert not report.findings and "replica_lag" in {p.code for p in report.passes}
    assert value(look(pair.primary), "db.replicas") == 1 and value(look(pair.replica), "db.lag.bytes") == 0
    pair.replica.sql("SELECT pg_wal_replay_pause()")
    until(pair.replica, "SELECT pg_get_wal_replay_pause_state() = 'paused'")
    pair.write(4000)
    written = pair.primary.sql("CHECKPOINT; SELECT pg_current_wal_flush_lsn()")
    until(pair.replica, f"SELECT pg_last_wal_receive_lsn() >= '{written}'")
    held = pair.replica.sql("SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())")
    first = look(pair.replica)
    assert value(first, "db.lag.bytes") == float(held) > 2_000_000
    ours = pair.primary.sql("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) FROM pg_stat_replication")
    assert value(look(pair.primary), "db.lag.bytes", REPLICA) == float(ours) > 2_000_000
    later = look(pair.replica, window_s=0.6)
    assert value(later, "db.lag.time") > value(first, "db.lag.time") + 0.5
    (finding,) = [f for f in judged(later, STRICT).findings if f.code == "replica_lag"]
    assert (
        "its replay is paused" in finding.says and "pg_wal_replay_resume" in finding.do and finding.severity == "high"
    )
    pair.write(10)  # a replica that stands still tells its primary how long only while something comes
    until(pair.primary, "SELECT replay_lag > interval '0.5 second' FROM pg_stat_replication")
    seen = [f for f in judged(look(pair.primary), STRICT).findings if f.code == "replica_lag"]
    assert [f.subject for f in seen] == [REPLICA] and "of log not replayed" in seen[0].says
    by_bytes = judged(look(pair.primary), {"health.db.lag.time": 1e6, "health.db.lag.bytes": 1e6})
    assert [f.severity for f in by_bytes.findings if f.code == "replica_lag"] == ["medium"]
    pair.replica.sql("SELECT pg_wal_replay_resume()")
    pair.caught_up()
    assert not judged(look(pair.replica), STRICT).findings


def test_writes_under_way_at_the_moment_of_looking_are_no_lag(pair: Pair) -> None:
    """After a quiet second the first rows wait a moment to be replayed: the old age beside them is not their age."""
    until(pair.replica, "SELECT now() - pg_last_xact_replay_timestamp() > interval '1 second'")
    pair.write(20000)
    evidence = look(pair.replica, window_s=0.3)
    assert value(evidence, "db.lag.time") <= 0.3 and not judged(evidence, STRICT).findings


@requirement("monitoring.database_load")
def test_a_slot_without_reader_keeps_log_until_it_is_lost(own_pair: Pair) -> None:
    """Kept bytes agree with psql; the limit of a slot that is read is ten times as high; a lost one is told as lost."""
    active = judged(look(own_pair.primary), {"health.db.slot.abandoned": 16e6})
    assert "slot_retains_log" in {p.code for p in active.passes} and not active.findings
    own_pair.stop_replica.close()
    until(own_pair.primary, "SELECT NOT active FROM pg_replication_slots")
    for _ in range(3):
        own_pair.write(10)
        own_pair.primary.sql("SELECT pg_switch_wal()")
    kept = float(
        own_pair.primary.sql("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots")
    )
    idle = look(own_pair.primary, "plain")
    assert value(idle, "db.slot.retained", "slot:main:reader") == kept > 32e6
    assert not judged(idle).findings
    (finding,) = judged(idle, {"health.db.slot.abandoned": 16e6}).findings
    assert "nobody reads from it" in finding.says and finding.severity == "medium"
    (full,) = judged(idle, {"health.db.slot.retained": 16e6}).findings
    assert full.severity == "high"
    own_pair.primary.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'")
    own_pair.primary.sql("SELECT pg_reload_conf()")
    until(own_pair.primary, "SELECT current_setting('max_slot_wal_keep_size') = '16MB'")
    own_pair.primary.sql("CHECKPOINT")
    until(own_pair.primary, "SELECT wal_status = 'lost' FROM pg_replication_slots")
    assert [f.code for f in judged(look(own_pair.primary)).findings] == ["slot_lost"]


@requirement("monitoring.database_load", "honesty.unknown")
def test_a_standby_without_its_primary_is_cut_off_and_its_lag_unknown(own_pair: Pair) -> None:
    """All that it received is replayed, which looks like no lag at all."""
    own_pair.stop_primary.close()
    until(own_pair.replica, "SELECT count(*) = 0 FROM pg_stat_wal_receiver")
    for user in ("watcher", "plain"):
        evidence = look(own_pair.replica, user)
        report = judged(evidence)
        assert [f.code for f in report.findings] == ["standby_cut_off"] and value(evidence, "db.lag.bytes") == 0
        assert not [e for e in evidence if isinstance(e, Measured) and e.quantity == "db.lag.time"]
        assert [(u.code, u.why) for u in report.unknowns if u.code == "replica_lag"] == [("replica_lag", "no_data")]


@requirement("honesty.unknown")
def test_what_one_server_cannot_know_of_the_other_is_unknown(pair: Pair) -> None:
    """A plain role sees no position of a replica; a standby knows nothing of dead rows, nor what its primary scans."""
    plain = look(pair.primary, "plain")
    gaps = [e for e in plain if isinstance(e, Missing) and e.quantity == "db.lag.bytes"]
    assert [e.why for e in gaps] == ["denied"] and "pg_monitor" in gaps[0].how
    hidden = look(pair.replica, "plain")
    assert [e.why for e in hidden if isinstance(e, Missing) and e.quantity == "db.standby.receiving"] == ["denied"]
    assert "standby_cut_off" in {u.code for u in judged(hidden).unknowns}
    assert "standby_cut_off" in {p.code for p in judged(look(pair.replica)).passes}
    report = judged(look(pair.replica, also="postgres_tables"))
    why = {u.code: (u.why, u.how) for u in report.unknowns if u.subject == "database:main"}
    assert why.keys() >= {"index_unused", "table_dead_rows"}
    assert all(reason == "not_supported" and "primary" in how for reason, how in why.values())
    pair.primary.sql("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 60000) g; CREATE INDEX idle ON t (id)")
    both = judged(look(pair.primary, also="postgres_tables"), {"health.db.index.unused": 0.001})
    assert "; 1 replica may use them" in next(f.says for f in both.findings if f.code == "index_unused")


def test_tables_of_a_standby_are_judged_once_where_its_primary_is_declared_too(pair: Pair) -> None:
    """The same cluster by its identifier: a fault of a table is one fault, whatever the number of copies."""
    pair.primary.sql("CREATE TABLE two (id int); CREATE INDEX one_1 ON two (id); CREATE INDEX one_2 ON two (id)")
    pair.caught_up()
    source = tuple(each for each in all_sources() if each.name == "postgres_tables")
    both = [
        Database(name=name, host="127.0.0.1", port=server.port, user="watcher")
        for name, server in (("copy", pair.replica), ("main", pair.primary))
    ]
    report = judged(gather(source, Survey(LiveWorld(20), System(database=both))))
    assert [f.subject for f in report.findings if f.code == "index_duplicate"] == ["database:main"]
    skipped = {u.code for u in report.unknowns if u.subject == "database:copy" and "judged there, as main" in u.detail}
    assert skipped == {
        "index_invalid", "index_duplicate", "index_unused", "table_dead_rows", "table_bloat", "index_bloat",
    }  # fmt: skip
    alone = judged(look(pair.replica, also="postgres_tables"))
    assert "index_duplicate" in {f.code for f in alone.findings}
    pair.primary.sql(
        "CREATE TABLE big AS SELECT g AS id FROM generate_series(1, 800000) g; CREATE INDEX on_big ON big (id)"
    )
    until(pair.replica, "SELECT count(*) = 1 FROM pg_class WHERE relname = 'on_big'")
    alone = judged(look(pair.replica, also="postgres_tables"))
    (open_one,) = [u for u in alone.unknowns if u.code == "index_bloat"]
    assert open_one.why == "not_supported" and "primary" in open_one.how


def test_a_standby_that_is_late_on_purpose_is_not_behind(pair: Pair) -> None:
    """recovery_min_apply_delay is taken off; what comes on top of it would be lag."""
    with standby(pair.primary, "late") as late:
        pair.write(1)
        until(late, "SELECT pg_last_xact_replay_timestamp() IS NOT NULL")
        late.sql("ALTER SYSTEM SET recovery_min_apply_delay = '1h'")
        late.sql("SELECT pg_reload_conf()")
        until(late, "SELECT current_setting('recovery_min_apply_delay') = '1h'")
        pair.write(1)
        until(late, "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()")
        evidence = look(late)
        age = late.sql("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp()) > 0.2")
    (lag,) = [e for e in evidence if isinstance(e, Measured) and e.quantity == "db.lag.time"]
    assert "less the delay of 3600 s" in lag.source and lag.value == 0 and age == "t"
    assert value(evidence, "db.lag.bytes") > 0 and not judged(evidence, STRICT).findings
