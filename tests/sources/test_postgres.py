"""PostgreSQL as a source and its checks, against a real server, through an ordinary role and through pg_monitor."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.report.text import render_text
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.database import Database
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services.postgres import Postgres, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One server with statement statistics, a monitoring role, a plain role and an application role."""
    settings = {"shared_preload_libraries": "pg_stat_statements", "max_connections": "25"}
    with postgres(settings) as running:
        running.sql("CREATE EXTENSION pg_stat_statements")
        running.sql("CREATE ROLE watcher LOGIN IN ROLE pg_monitor; CREATE ROLE plain LOGIN; CREATE ROLE app LOGIN")
        running.sql("GRANT CREATE ON SCHEMA public TO app")
        yield running


def look(server: Postgres, user: str = "watcher", window_s: float = 0.2) -> list[AnyEvidence]:
    """What the source says of the server through this role."""
    database = Database(name="orders", host="127.0.0.1", port=server.port, user=user, window_s=window_s)
    source = tuple(each for each in all_sources() if each.name == "postgres")
    return gather(source, Survey(LiveWorld(20), System(database=[database])))


def judged(evidence: list[AnyEvidence]) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)


def value(evidence: list[AnyEvidence], quantity: str, subject: str = "database:orders") -> object:
    """The one measured value."""
    (found,) = [e for e in evidence if isinstance(e, Measured) and e.quantity == quantity and e.subject == subject]
    return found.value


@requirement("monitoring.database_load", "antipatterns.database_undersized")
def test_a_full_server_is_critical_whatever_its_constant(server: Postgres) -> None:
    """All 22 of the 25 slots that ordinary roles may have: a fixed limit of 500 would call this healthy."""
    with ExitStack() as sessions:
        for _ in range(22):
            sessions.enter_context(psycopg.connect(server.dsn("app")))
        refused = judged(look(server))
        reserved = look(server, user="postgres")
        quiet = judged(reserved)
    assert refused.verdict == quiet.verdict == "critical"
    assert [f.code for f in refused.findings if f.severity == "critical"] == ["database_connections"]
    assert value(reserved, "db.connections.limit") == 22
    assert float(str(value(reserved, "db.connections.used"))) >= 100
    end = time.monotonic() + 10  # a closed session frees its slot a moment later
    while time.monotonic() < end and int(server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'app'")) > 3:
        time.sleep(0.05)
    assert judged(look(server)).verdict == "healthy"


def test_looking_takes_one_slot_at_a_time_and_counts_nothing_of_ours(server: Postgres) -> None:
    """With one slot left, several sources of ours at once would refuse each other and call the server full."""
    database = Database(name="orders", host="127.0.0.1", port=server.port, user="watcher", window_s=0.2)
    sources = tuple(each for each in all_sources() if each.name.startswith(("postgres", "database_")))
    with ExitStack() as sessions:
        for _ in range(21):
            sessions.enter_context(psycopg.connect(server.dsn("app")))
        evidence = gather(sources, Survey(LiveWorld(20), System(database=[database])))
    assert len(sources) >= 4 and "db.connections.refused" not in {e.quantity for e in evidence}
    assert value(evidence, "db.connections") == 21 and value(evidence, "db.indexes") is not None
    assert not [e for e in evidence if isinstance(e, Missing) and e.why in ("unreachable", "timeout")]


def test_a_role_without_pg_monitor_gives_unknowns_and_no_zeros(server: Postgres) -> None:
    """What it may not see is denied with the grant that would help, and the report is not healthy."""
    with psycopg.connect(server.dsn("app")) as other:
        other.execute("SELECT count(*) FROM generate_series(1, 10)")
        evidence = look(server, user="plain")
    missing = {e.quantity: e for e in evidence if isinstance(e, Missing)}
    assert missing["db.connections.used"].why == "denied" and "pg_monitor" in missing["db.connections.used"].how
    assert missing["db.query.text"].why == "denied"
    known = {e.quantity for e in evidence if isinstance(e, Measured)}
    assert not known & {"db.connections", "db.connections.used", "db.idle_in_transaction.age"}
    assert judged(evidence).verdict == "unknown"


@requirement("performance.slow_queries")
def test_a_missing_index_is_named_with_the_statement_and_its_share(server: Postgres) -> None:
    """The share of statement time agrees with psql's own sum over pg_stat_statements."""
    server.sql("CREATE TABLE items AS SELECT g AS id, md5(g::text) AS code FROM generate_series(1, 40000) g")
    server.sql("ANALYZE items; SELECT pg_stat_statements_reset()")
    with psycopg.connect(server.dsn(), autocommit=True) as session:
        for number in range(60):
            session.execute("SELECT id FROM items WHERE code = %s", (str(number),))
    _settled(server, "SELECT seq_scan >= 60 FROM pg_stat_user_tables WHERE relname = 'items'")
    evidence = look(server)
    report = judged(evidence)
    (finding,) = [f for f in report.findings if f.code == "table_read_whole"]
    assert "table public.items (orders)" in finding.says and "40000 rows on average" in finding.says
    shares = {
        e.subject: (float(e.value), e.quote or "")
        for e in evidence
        if isinstance(e, Measured) and e.quantity == "db.query.share"
    }
    share, text = next((s, t) for s, t in shares.values() if "FROM items WHERE code" in t)
    oracle = float(
        server.sql(
            "SELECT 100 * sum(total_exec_time) FILTER (WHERE query LIKE '%FROM items WHERE%') / sum(total_exec_time)"
            " FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_%'"
        )
    )
    assert abs(share - oracle) < 2 and share > 50 and "$1" in text
    ranking = next(p for p in report.passes if p.code == "database_queries")
    assert "60 calls" in ranking.says and "the evidence quotes" in ranking.says
    assert not any(subject.rsplit(":", 1)[-1] in ranking.says for subject in shares), (
        "a number of 19 digits says nothing"
    )
    after = render_text(report).partition("most statement time")[2].splitlines()
    quotes = [line.strip() for line in after if line.startswith(" " * 18 + "quote: ")]
    assert quotes[0] == f"quote: \u201c{text}\u201d" and all(len(each) <= 90 for each in quotes)
    server.sql("CREATE INDEX ON items (code); ANALYZE items; SELECT pg_stat_reset()")
    assert not [f for f in judged(look(server)).findings if f.code == "table_read_whole"]
    server.sql("DROP TABLE items")


@pytest.mark.parametrize("known", ["rows from an earlier ANALYZE", "rows read by each scan"])
def test_tables_read_whole_are_found_after_the_statistics_were_reset(server: Postgres, known: str) -> None:
    """A reset and a crash leave n_live_tup at 0; psql shows that it is. Too few scans since then are unknown."""
    server.sql("CREATE TABLE parts WITH (autovacuum_enabled = off) AS SELECT g AS id FROM generate_series(1, 30000) g")
    if known == "rows from an earlier ANALYZE":
        server.sql("ANALYZE parts")
    server.sql("SELECT pg_stat_reset()")
    _settled(server, "SELECT sum(seq_scan + coalesce(idx_scan, 0)) < 20 FROM pg_stat_user_tables")
    early = judged(look(server))
    (unknown,) = [each for each in early.unknowns if each.code == "table_read_whole"]
    assert "statistics were reset or lost" in unknown.detail and unknown.why == "no_data"
    assert not [each for each in [*early.passes, *early.findings] if each.code == "table_read_whole"]
    with psycopg.connect(server.dsn(), autocommit=True) as session:
        for number in range(30):
            session.execute("SELECT id FROM parts WHERE id = %s", (number,))
    _settled(server, "SELECT seq_scan >= 30 FROM pg_stat_user_tables WHERE relname = 'parts'")
    assert server.sql("SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'parts'") == "0"
    (finding,) = [each for each in judged(look(server)).findings if each.code == "table_read_whole"]
    assert "table public.parts (orders)" in finding.says and "30000 rows on average" in finding.says
    server.sql("DROP TABLE parts; CREATE TABLE few AS SELECT 1 AS id")
    with psycopg.connect(server.dsn(), autocommit=True) as session:
        for _ in range(30):
            session.execute("SELECT id FROM few")
    _settled(server, "SELECT seq_scan >= 30 FROM pg_stat_user_tables WHERE relname = 'few'")
    quiet = judged(look(server))
    (passed,) = [each for each in quiet.passes if each.code == "table_read_whole"]
    assert "no large table is mostly read from end to end" in passed.says
    assert not [each for each in [*quiet.unknowns, *quiet.findings] if each.code == "table_read_whole"]
    server.sql("DROP TABLE few")


def test_who_waits_for_whom_is_told(server: Postgres) -> None:
    """One session holds a row lock, another waits for it; without the holder nobody is blocked."""
    server.sql("CREATE TABLE seats AS SELECT 1 AS id, 0 AS taken")
    with psycopg.connect(server.dsn()) as holder, psycopg.connect(server.dsn()) as waiter:
        pids = (waiter.info.backend_pid, holder.info.backend_pid)
        holder.execute("UPDATE seats SET taken = 1")
        thread = threading.Thread(target=waiter.execute, args=("UPDATE seats SET taken = 2",))
        thread.start()
        _settled(server, "SELECT count(*) > 0 FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0")
        report = judged(look(server))
        holder.rollback()
        thread.join()
        waiter.rollback()
    (finding,) = [f for f in report.findings if f.code == "database_blocked"]
    assert "session {} waits for session {}".format(*pids) in finding.says
    server.sql("DROP TABLE seats")
    assert value(look(server), "db.blocked") == 0


@requirement("performance.cache")
def test_buffer_hits_are_those_of_the_window_and_not_since_reset(server: Postgres) -> None:
    """A quiet window gives no rate at all; a busy one gives the share of its own reads."""
    quiet = [e for e in look(server) if e.quantity == "db.cache.hits"]
    assert isinstance(quiet[0], Missing) and quiet[0].why == "no_data"
    server.sql("CREATE TABLE pages AS SELECT g AS id, repeat('x', 500) AS pad FROM generate_series(1, 20000) g")
    stop = threading.Event()

    def read() -> None:
        with psycopg.connect(server.dsn(), autocommit=True) as session:
            while not stop.is_set():
                session.execute("SELECT count(pad) FROM pages")
                session.execute("SELECT pg_stat_force_next_flush()")

    thread = threading.Thread(target=read)
    thread.start()
    try:
        busy = value(look(server, window_s=1.5), "db.cache.hits")
    finally:
        stop.set()
        thread.join()
    assert float(str(busy)) > 95
    server.sql("DROP TABLE pages")


def test_a_sequence_near_its_end_is_found(server: Postgres) -> None:
    """After its last number every insert fails; a role that may not read it is told the grant."""
    server.sql("CREATE SEQUENCE nearly MAXVALUE 1000; SELECT setval('nearly', 950)")
    hidden = [e for e in look(server) if isinstance(e, Missing) and e.quantity == "db.sequence.used"]
    assert [e.why for e in hidden] == ["denied"] and "GRANT SELECT" in hidden[0].how
    server.sql("GRANT SELECT ON SEQUENCE nearly TO watcher")
    evidence = look(server)
    assert value(evidence, "db.sequence.used", "sequence:orders:public.nearly") == 95
    assert "sequence_ending" in {f.code for f in judged(evidence).findings}
    server.sql("DROP SEQUENCE nearly")


def test_a_server_that_is_not_there_or_refuses_is_missing_for_that_reason(server: Postgres, tmp_path: Path) -> None:
    """A closed port is unreachable, an unknown role is denied; neither is healthy."""
    source = tuple(each for each in all_sources() if each.name == "postgres")
    away = System(database=[Database(name="orders", host="127.0.0.1", port=1)])
    begin = time.monotonic()
    gone = gather(source, Survey(LiveWorld(20), away))
    assert {e.why for e in gone if isinstance(e, Missing)} == {"unreachable"}
    assert {e.why for e in look(server, user="nobody_here") if isinstance(e, Missing)} == {"denied"}
    assert time.monotonic() - begin < 10
    assert judged(gone).verdict == "unknown"


def test_a_server_that_turns_us_away_is_told_with_the_step_that_fits(tmp_path: Path) -> None:
    """A wrong password, none, no such file, a folder, bytes: each its own step, and never what a file holds."""
    with postgres({"password_encryption": "scram-sha-256"}) as server:
        server.sql("CREATE ROLE keyed LOGIN PASSWORD 'right-Zx9'; CREATE ROLE open LOGIN")
        rules = server.folder / "data" / "pg_hba.conf"
        trust = rules.read_text()
        rules.write_text(f"host all keyed 127.0.0.1/32 scram-sha-256\n{trust}")
        server.sql("SELECT pg_reload_conf()")
        wrong, right, binary = tmp_path / "wrong", tmp_path / "right", tmp_path / "binary"
        wrong.write_text("hunter2-Zx9\n")
        right.write_text("right-Zx9\n")
        binary.write_bytes(b"\xff\xfe")
        source = tuple(each for each in all_sources() if each.name == "postgres")

        def gap(user: str, password: Path | None = None, dbname: str = "postgres") -> Missing | None:
            file = None if password is None else str(password)
            database = Database(
                name="orders",
                host="127.0.0.1",
                port=server.port,
                user=user,
                password_file=file,
                dbname=dbname,
                window_s=0.1,
            )
            evidence = gather(source, Survey(LiveWorld(20), System(database=[database])))
            assert "Zx9" not in str(evidence)
            return next((e for e in evidence if isinstance(e, Missing) and e.quantity == "db.blocked"), None)

        end = time.monotonic() + 10  # the reload takes a moment
        while (seen := gap("keyed", wrong)) is None and time.monotonic() < end:
            time.sleep(0.05)
        assert seen is not None and seen.why == "denied"
        assert f"check that {wrong} holds the password of the role keyed" in seen.how and "GRANT" not in seen.how
        assert gap("keyed", right) is None
        told = {
            "none": gap("keyed"),
            "absent": gap("keyed", tmp_path / "absent"),
            "folder": gap("keyed", tmp_path),
            "binary": gap("keyed", binary),
            "role": gap("nobody_here"),
            "database": gap("open", dbname="nowhere"),
        }
        steps = {name: (each.why, each.how) for name, each in told.items() if each is not None}
    assert steps == {
        "none": ("denied", "name a file with the password of the role keyed: password_file in [[database]]"),
        "absent": (
            "error", "write the secret into that file, or name the right one: password_file in [[database]]"
        ),
        "folder": ("error", "name a file with the secret as its text: password_file in [[database]]"),
        "binary": ("error", "name a file with the secret as its text: password_file in [[database]]"),
        "role": ("denied", "create the role and let it see: CREATE ROLE nobody_here LOGIN IN ROLE pg_monitor"),
        "database": ("denied", "name a database that is there: dbname in [[database]]"),
    }  # fmt: skip


def _settled(server: Postgres, question: str) -> None:
    """Wait until the server answers the question with true."""
    end = time.monotonic() + 10
    while server.sql(question) != "t":
        assert time.monotonic() < end, question
        time.sleep(0.05)
