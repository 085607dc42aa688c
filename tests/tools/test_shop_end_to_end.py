"""The whole of probe_health over a real nginx, two upstreams and a real PostgreSQL, loaded from a second process."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from infra_maintainer.assess.model import Report
from infra_maintainer.evidence.model import Measured
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.database import Database
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.run import run_job
from tests.requirements_link import requirement
from tests.services.nginx import Nginx, nginx
from tests.services.postgres import Postgres, postgres
from tests.services.program import answers, free_port, running, scratch

ROOT = Path(__file__).parent.parent.parent
ROWS = 60_000
REQUESTS = 300


@contextmanager
def shop(*, faults: tuple[str, str], index: bool) -> Generator[tuple[Nginx, Postgres, list[int]]]:
    """Database, two application servers with their faults, and nginx in front."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres({"shared_preload_libraries": "pg_stat_statements"}))
        database.sql(
            "CREATE EXTENSION pg_stat_statements; CREATE ROLE watcher LOGIN IN ROLE pg_monitor;"
            f"CREATE TABLE orders AS SELECT g AS id, g::text AS code, repeat('x', 200) AS note"
            f" FROM generate_series(1, {ROWS}) g; ANALYZE orders"
        )
        if index:
            database.sql("CREATE INDEX ON orders (code)")
        ports = [free_port(), free_port()]
        for port, fault in zip(ports, faults, strict=True):
            folder = stack.enter_context(scratch("app"))
            argv = [sys.executable, "-m", "tests.services.shop", "serve", str(port), database.dsn(), fault]
            stack.enter_context(running(argv, partial(answers, port), folder, directory=ROOT))
        front = stack.enter_context(nginx([f"127.0.0.1:{port}" for port in ports]))
        database.sql("SELECT pg_stat_statements_reset()")
        argv = [sys.executable, "-m", "tests.services.shop", "load", front.url, str(REQUESTS)]
        subprocess.run(argv, check=True, timeout=100, cwd=ROOT)
        yield front, database, ports


def probe(front: Nginx, database: Postgres) -> Report:
    """probe_health with the log in the format of nginx's own configuration, and the database as pg_monitor."""
    system = System(
        access_log=[AccessLog(name="shop", path=str(front.log), server_config=str(front.configuration))],
        database=[Database(name="orders", host="127.0.0.1", port=database.port, user="watcher", window_s=0.2)],
    )
    kit = Kit(system, None)
    return run_job("health", kit, kit.world(30), users_first=True)


def about_users(report: Report) -> set[str]:
    """Codes of the findings about the shop; the machine that runs the tests may have its own."""
    return {f.code for f in report.findings if f.subject.split(":")[0] not in ("host", "filesystem", "unit", "journal")}


@requirement("performance.bottleneck", "persona.slow_app", "antipatterns.lb_hides_backends")
def test_the_faults_are_named_with_shares_that_agree_with_the_log_and_the_database() -> None:
    """A slow route, an upstream that answers 502 behind retries, and a statement without its index."""
    with shop(faults=("slow", "broken"), index=False) as (front, database, ports):
        report = probe(front, database)
        lines = [line.split('"') for line in front.log.read_text().splitlines()]
        oracle = float(
            database.sql(
                "SELECT 100 * sum(total_exec_time) FILTER (WHERE query LIKE '%FROM orders WHERE%')"
                " / sum(total_exec_time) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_%'"
            )
        )
    seconds = [(line[1].split()[1].split("/")[1], float(line[6].split()[0])) for line in lines]
    expected = 100 * sum(s for name, s in seconds if name == "report") / sum(s for _, s in seconds)
    known = [e for e in report.evidence if isinstance(e, Measured)]
    (share,) = [e.value for e in known if (e.quantity, e.subject) == ("traffic.time.share", "route:shop:GET /report")]
    assert abs(float(share) - expected) < 0.01

    findings = {(f.code, f.subject): f for f in report.findings}
    assert findings["bottleneck", "route:shop:GET /report"].says.startswith("Users wait most in GET /report (shop)")
    assert f"upstream 127.0.0.1:{ports[0]}" in findings["bottleneck", "route:shop:GET /report"].says
    assert findings["traffic_slow", "traffic:shop"]
    assert findings["retries_hide_failures", "traffic:shop"]
    assert "attempts failed" in findings["upstream_failing", f"upstream:shop:127.0.0.1:{ports[1]}"].says
    assert ("upstream_failing", f"upstream:shop:127.0.0.1:{ports[0]}") not in findings
    table = findings["table_read_whole", "table:orders:public.orders"]
    (query,) = [e for e in known if e.id in table.evidence and e.quantity == "db.query.share"]
    assert query.quote is not None and "FROM orders WHERE code" in query.quote
    assert abs(float(query.value) - oracle) < 1


def test_the_same_load_without_the_faults_is_healthy() -> None:
    """The benign twin: nothing about the shop is found, and its users were looked at."""
    with shop(faults=("", ""), index=True) as (front, database, _):
        report = probe(front, database)
    assert about_users(report) == set()
    passed = {p.code for p in report.passes if p.user_facing}
    assert {"traffic_errors", "traffic_slow", "retries_hide_failures", "upstream_failing", "availability"} <= passed
