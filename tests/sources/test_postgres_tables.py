"""Health of tables and indexes, against a real server; pgstattuple and psql's own catalog queries are the oracles."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.evidence.store import Store
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.database import Database
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services.postgres import Postgres, postgres

AT_ONCE: dict[str, float | bool] = {"health.db.index.unused": 0.001}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that cleans nothing by itself; one role monitors, one may only read the tables, one neither."""
    with postgres({"autovacuum_naptime": "1h", "track_commit_timestamp": "off"}) as running:
        running.sql("CREATE ROLE watcher LOGIN IN ROLE pg_monitor; CREATE ROLE plain LOGIN")
        running.sql("CREATE ROLE reader LOGIN IN ROLE pg_read_all_data; CREATE EXTENSION pgstattuple")
        yield running


@pytest.fixture
def base(server: Postgres, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of its own for each test."""
    name = f"base{abs(hash(request.node.name)) % 10**8}"
    server.sql(f"CREATE DATABASE {name}")
    server.sql("CREATE EXTENSION pgstattuple", name)
    yield name
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


def look(server: Postgres, base: str, user: str = "watcher", history: Store | None = None) -> list[AnyEvidence]:
    """What the source says of a database through this role."""
    database = Database(name="orders", host="127.0.0.1", port=server.port, user=user, dbname=base)
    source = tuple(each for each in all_sources() if each.name == "postgres_tables")
    return gather(source, Survey(LiveWorld(20), System(database=[database]), history=history))


def judged(evidence: list[AnyEvidence], overrides: dict[str, float | bool] | None = None) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(overrides), "health", datetime.now(UTC), users_first=False)


def values(evidence: list[AnyEvidence], quantity: str) -> dict[str, float]:
    """Measured values by subject."""
    return {e.subject: float(e.value) for e in evidence if isinstance(e, Measured) and e.quantity == quantity}


@requirement("monitoring.database_load")
def test_twins_are_named_and_indexes_that_only_look_alike_are_not(server: Postgres, base: str) -> None:
    """The one to drop is never the primary key; another predicate, order, opclass, expression or column is no twin."""
    server.sql(
        "CREATE TABLE items (id int PRIMARY KEY, code text, at date);"
        "CREATE INDEX again ON items (id);"
        "CREATE INDEX by_code ON items (code); CREATE INDEX by_code_2 ON items (code);"
        "CREATE INDEX low ON items (lower(code)) WHERE id > 5; CREATE INDEX low_2 ON items (lower(code)) WHERE id > 5;"
        # from here on all differ from each other
        "CREATE INDEX more ON items (code) WHERE id > 5; CREATE INDEX others ON items (code) WHERE id > 6;"
        "CREATE INDEX down ON items (code DESC); CREATE INDEX pattern ON items (code text_pattern_ops);"
        "CREATE INDEX wide ON items (code) INCLUDE (at); CREATE INDEX both_ways ON items (code, at);"
        "CREATE INDEX other_way ON items (at, code); CREATE INDEX hashed ON items USING hash (code);"
        "CREATE INDEX upp ON items (upper(code)); CREATE INDEX lower_all ON items (lower(code));"
        "CREATE UNIQUE INDEX late ON items (at)",
        base,
    )
    evidence = look(server, base)
    told = {
        e.subject.rsplit(".", 1)[-1]: e.source
        for e in evidence
        if isinstance(e, Measured) and e.quantity == "db.index.duplicate"
    }
    assert told == {
        "again": "the same as public.items_pkey",
        "by_code_2": "the same as public.by_code",
        "low_2": "the same as public.low",
    }
    (finding,) = [f for f in judged(evidence).findings if f.code == "index_duplicate"]
    assert "3 indexes there twice" in finding.says and finding.severity == "low"
    server.sql("DROP INDEX again, by_code_2, low_2", base)
    assert "index_duplicate" in {p.code for p in judged(look(server, base)).passes}


@requirement("monitoring.database_load")
def test_indexes_without_use_are_told_with_their_date_and_those_at_work_are_not(server: Postgres, base: str) -> None:
    """Unique ones, those that serve a foreign key, and partitions of which one is read are at work without a scan."""
    server.sql(
        "CREATE TABLE users AS SELECT g AS id, md5(g::text) AS mail, g AS born FROM generate_series(1, 60000) g;"
        "ALTER TABLE users ADD PRIMARY KEY (id); CREATE UNIQUE INDEX one_mail ON users (mail);"
        "CREATE INDEX idle ON users (born); CREATE INDEX busy ON users (born, id);"
        "CREATE TABLE carts AS SELECT g AS id, g AS owner FROM generate_series(1, 60000) g;"
        "CREATE INDEX owners ON carts (owner); ALTER TABLE carts ADD FOREIGN KEY (owner) REFERENCES users;"
        "CREATE TABLE days (day int, note text) PARTITION BY RANGE (day);"
        "CREATE TABLE day_1 PARTITION OF days FOR VALUES FROM (0) TO (60000);"
        "CREATE TABLE day_2 PARTITION OF days FOR VALUES FROM (60000) TO (120001);"
        "CREATE INDEX noted ON days (note); INSERT INTO days SELECT g, md5(g::text) FROM generate_series(1, 120000) g;"
        "ANALYZE",
        base,
    )
    server.sql("SELECT pg_stat_reset()", base)
    server.sql("SET enable_seqscan = off; SELECT id FROM users WHERE born = 7 AND id = 7", base)
    server.sql("SET enable_seqscan = off; SELECT 1 FROM day_1 WHERE note = 'x'", base)
    used = "SELECT count(*) FROM pg_stat_user_indexes WHERE idx_scan > 0 AND indexrelname IN"
    _settled(server, f"SELECT ({used} ('busy', 'day_1_note_idx')) = 2 AND ({used} ('idle')) = 0", base)
    evidence = look(server, base)
    assert set(values(evidence, "db.index.unused")) == {"index:orders:public.idle"}
    size = server.sql("SELECT pg_relation_size('idle')", base)
    assert values(evidence, "db.index.unused")["index:orders:public.idle"] == float(size)
    calm = judged(evidence)
    assert [p.says for p in calm.passes if p.code == "index_unused"] == [
        "database orders: 1 index not scanned so far; 30 d of counting is the least to judge"
    ]
    (finding,) = [f for f in judged(evidence, AT_ONCE).findings if f.code == "index_unused"]
    day = server.sql(
        "SELECT to_char(stats_reset, 'YYYY-MM-DD') FROM pg_stat_database WHERE datname = current_database()", base
    )
    assert f"no scan since the reset of the statistics ({day}" in finding.says and "on this server only" in finding.says
    assert "or since it was made, if that was later" in finding.says and finding.severity == "low"


def test_an_index_that_earlier_runs_did_not_see_counts_from_its_first_sight(
    server: Postgres, base: str, tmp_path: Path
) -> None:
    """A server that has counted for a year says nothing about an index of yesterday; the store of earlier runs does."""
    server.sql("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 60000) g; CREATE INDEX fresh ON t (id)", base)

    def told(store: Store | None) -> str:
        (found,) = [e for e in look(server, base, history=store) if e.quantity == "db.index.unused.for"]
        return found.source

    def keep(name: str, *seen: tuple[str, str, float]) -> Store:
        store = Store(tmp_path / name)
        for quantity, subject, days in seen:
            at = datetime.now(UTC) - timedelta(days=days)
            row = Measured(subject=subject, quantity=quantity, stat="instant", value=1, unit=unit_of(quantity),
                           as_of=at, source="earlier run")  # fmt: skip
            store.keep([row], f"run_{quantity}", "health", at, "healthy", "{}")
        return store

    database, index = ("db.indexes", "database:orders"), ("db.index.unused", "index:orders:public.fresh")
    without = "or since it was made, if that was later"
    assert without in told(None)
    assert f"{without}; earlier looks cannot be read" in told(Store(tmp_path))
    whole = {(e.subject, e.quantity) for e in look(server, base)}
    assert {(e.subject, e.quantity) for e in look(server, base, history=Store(tmp_path))} == whole
    assert without in told(keep("both", (*database, 40.0), (*index, 40.0)))
    new = "not there when infra-maintainer first looked"
    assert new in told(keep("later", (*database, 40.0), (*index, 2.0))) and new in told(keep("now", (*database, 40.0)))
    assert values(look(server, base, history=keep("never", (*database, 40.0))), "db.index.unused.for") == pytest.approx(
        {"index:orders:public.fresh": 0.0}, abs=1e-3
    )


@requirement("monitoring.database_load")
def test_a_broken_index_is_found_and_one_that_is_being_built_is_not(server: Postgres, base: str) -> None:
    """Both are `not valid` in the catalog; only the progress view tells them apart, and it hides builds from some."""
    server.sql("CREATE TABLE twins AS SELECT 1 AS id UNION ALL SELECT 1", base)
    with pytest.raises(AssertionError, match="could not create unique index"):
        server.sql("CREATE UNIQUE INDEX CONCURRENTLY twins_id ON twins (id)", base)
    broken = judged(look(server, base))
    assert [f.subject for f in broken.findings if f.code == "index_invalid"] == ["index:orders:public.twins_id"]
    server.sql("DROP INDEX twins_id", base)
    with psycopg.connect(server.dsn(database=base)) as writer, psycopg.connect(server.dsn(database=base)) as builder:
        builder.autocommit = True
        writer.execute("INSERT INTO twins VALUES (2)")
        thread = threading.Thread(target=builder.execute, args=("CREATE INDEX CONCURRENTLY slow ON twins (id)",))
        thread.start()
        _settled(server, "SELECT count(*) = 1 FROM pg_index WHERE NOT indisvalid", base)
        during, hidden = judged(look(server, base)), judged(look(server, base, "plain"))
        writer.rollback()
        thread.join()
    assert "index_invalid" in {p.code for p in during.passes} and not during.findings
    assert not hidden.findings and [u.why for u in hidden.unknowns if u.code == "index_invalid"] == ["denied"]
    assert "index_invalid" in {p.code for p in judged(look(server, base, "plain")).passes}


@requirement("monitoring.database_load")
def test_dead_rows_are_counted_as_pgstattuple_counts_them_until_they_are_vacuumed(server: Postgres, base: str) -> None:
    """A table whose autovacuum is off; its twin with the same rows, vacuumed, passes."""
    server.sql(
        "CREATE TABLE left_alone (id int, pad text) WITH (autovacuum_enabled = off);"
        "CREATE TABLE cleaned (LIKE left_alone);"
        "INSERT INTO left_alone SELECT g, 'x' FROM generate_series(1, 50000) g;"
        "INSERT INTO cleaned SELECT g, 'x' FROM generate_series(1, 50000) g;"
        "DELETE FROM left_alone WHERE id % 2 = 0; DELETE FROM cleaned WHERE id % 2 = 0",
        base,
    )
    _settled(server, "SELECT sum(n_tup_del) = 50000 FROM pg_stat_user_tables", base)
    server.sql("VACUUM cleaned", base)
    evidence = look(server, base)
    exact = float(server.sql("SELECT dead_tuple_count FROM pgstattuple('left_alone')", base))
    assert values(evidence, "db.table.dead_rows") == {"table:orders:public.left_alone": exact}
    assert values(evidence, "db.table.dead")["table:orders:public.left_alone"] == 50
    (finding,) = [f for f in judged(evidence).findings if f.code == "table_dead_rows"]
    assert "50 % of its rows are dead (25,000), no vacuum since the start of the server at least" in finding.says
    assert "autovacuum is off for it" in finding.says and "autovacuum on" in finding.do
    server.sql("VACUUM left_alone", base)
    assert not judged(look(server, base)).findings


@requirement("monitoring.database_load")
def test_bloat_is_measured_where_possible_else_estimated_and_called_so_else_unknown(
    server: Postgres, base: str
) -> None:
    """One table emptied by half, one freshly packed: pgstattuple reads every page and is the oracle for both ways."""
    for name in ("packed", "hollow"):
        server.sql(
            f"CREATE TABLE {name} AS SELECT g AS id, repeat('y', 60) AS pad, now() AS at, NULL::int AS void"
            " FROM generate_series(1, 220000) g",
            base,
        )
    server.sql("DELETE FROM hollow WHERE id % 10 > 2", base)
    _settled(server, "SELECT n_tup_del > 100000 FROM pg_stat_user_tables WHERE relname = 'hollow'", base)
    server.sql("VACUUM ANALYZE packed", base)
    server.sql("VACUUM ANALYZE hollow", base)
    oracle = {
        f"table:orders:public.{name}": float(
            server.sql(f"SELECT dead_tuple_percent + free_percent FROM pgstattuple('{name}')", base)
        )
        for name in ("packed", "hollow")
    }
    assert oracle["table:orders:public.hollow"] > 60 > 5 > oracle["table:orders:public.packed"]
    measured = look(server, base)
    assert values(measured, "db.table.bloat") == pytest.approx(oracle, abs=1)
    (finding,) = [f for f in judged(measured).findings if f.code == "table_bloat"]
    assert finding.subject.endswith("hollow") and finding.severity == "medium" and "estimate" not in finding.says
    guessed = look(server, base, "reader")
    assert not values(guessed, "db.table.bloat")
    assert values(guessed, "db.table.bloat.estimate") == pytest.approx(oracle, abs=10)
    (finding,) = [f for f in judged(guessed).findings if f.code == "table_bloat"]
    assert "by an estimate" in finding.says and finding.severity == "low" and "Measure it first" in finding.do
    blind = look(server, base, "plain")
    assert not values(blind, "db.table.bloat") and not values(blind, "db.table.bloat.estimate")
    (gap,) = [e for e in blind if isinstance(e, Missing) and e.quantity == "db.table.bloat"]
    assert gap.why == "denied" and "hollow" in gap.detail
    assert gap.how.startswith("GRANT pg_stat_scan_tables") and "EXTENSION" not in gap.how, "the extension is there"
    server.sql("CREATE ROLE scanner LOGIN IN ROLE pg_stat_scan_tables")
    assert values(look(server, base, "scanner"), "db.table.bloat"), "what is advised is enough"
    server.sql("SELECT pg_stat_reset()", base)
    _settled(server, "SELECT bool_and(last_analyze IS NULL) FROM pg_stat_user_tables", base)
    forgotten = look(server, base, "reader")
    assert not values(forgotten, "db.table.bloat.estimate"), "no change since an ANALYZE is not known after a reset"
    assert any(isinstance(e, Missing) and e.quantity == "db.table.bloat" for e in forgotten)
    server.sql("DROP EXTENSION pgstattuple", base)
    (gap,) = [e for e in look(server, base) if isinstance(e, Missing) and e.quantity == "db.table.bloat"]
    assert "pgstattuple_approx" in gap.detail
    assert gap.how == "CREATE EXTENSION pgstattuple in that database", "the role is in pg_monitor already"


@requirement("monitoring.database_load")
@pytest.mark.parametrize("setting", ["autovacuum", "track_counts"])
def test_a_server_that_never_cleans_by_itself_is_found_before_its_tables_show_it(
    server: Postgres, base: str, setting: str
) -> None:
    """Without track_counts autovacuum does not run either, whatever its own setting says."""
    assert "autovacuum_off" in {p.code for p in judged(look(server, base)).passes}
    server.sql(f"ALTER SYSTEM SET {setting} = off")
    server.sql("SELECT pg_reload_conf()")
    try:
        _settled(server, f"SELECT NOT current_setting('{setting}')::bool", base)
        (finding,) = [f for f in judged(look(server, base)).findings if f.code == "autovacuum_off"]
    finally:
        server.sql(f"ALTER SYSTEM RESET {setting}")
        server.sql("SELECT pg_reload_conf()")
        _settled(server, f"SELECT current_setting('{setting}')::bool", base)
    assert setting in finding.says and finding.severity == "high"


def test_an_empty_database_and_one_that_does_not_count_are_unknown_and_not_well(server: Postgres, base: str) -> None:
    """The default database is often the wrong one, and without counting nothing is unused and nothing is dead."""
    empty = judged(look(server, base))
    ours = [u for u in empty.unknowns if u.subject == "database:orders"]
    assert {u.code for u in ours} == {"index_unused", "table_dead_rows", "table_bloat", "index_bloat"}
    assert all("dbname" in u.how for u in ours)
    server.sql(f"CREATE TABLE t (id int); ALTER DATABASE {base} SET track_counts = off", base)
    blind = judged(look(server, base))
    assert {u.code: u.why for u in blind.unknowns if u.subject == "database:orders"} == dict.fromkeys(
        ("index_unused", "table_dead_rows"), "not_supported"
    )
    assert {f.code for f in blind.findings} == {"autovacuum_off"}


def _settled(server: Postgres, question: str, base: str) -> None:
    """Wait until the server answers the question with true."""
    end = time.monotonic() + 10
    while server.sql(question, base) != "t":
        assert time.monotonic() < end, question
        time.sleep(0.05)
