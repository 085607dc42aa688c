"""Requests in a table say the same as the same requests in a file: by an old ClickHouse server and by a new engine."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.summary import MOST_ROUTES, LogSummary, summarise
from infra_maintainer.logs.tables import summary_of_table
from infra_maintainer.logs.wanted import Wanted
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.load import parse_system
from infra_maintainer.world.world import LiveWorld
from tests.costs.clickhouse_server import ClickHouse, serve_clickhouse
from tests.logs.logbook import BROWSER, GOOGLE, UPSTREAM_FORMAT, Hit, hits_of_every_kind
from tests.services.clickhouse import clickhouse

COLUMNS = {"upstream_status": "tried", "upstream_duration_s": "upstream_s"}
BEGIN = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=20)
WANTED = Wanted(["/rare", "POST /checkout", "GET /absent", "GET /it's\\"], [100_000, 700_000])


class Engine(NamedTuple):
    """A running engine."""

    url: str
    run: Callable[[str], str]


@contextmanager
def new_engine(folder: Path) -> Generator[Engine]:
    """The engine of this year's ClickHouse."""
    engine = ClickHouse(folder / "engine")
    try:
        with serve_clickhouse(engine) as url:
            yield Engine(url, engine.query)
    finally:
        engine.close()


@pytest.fixture(params=["new engine", "old server"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Engine]:
    """Either."""
    if request.param == "new engine":
        with new_engine(tmp_path) as found:
            yield found
        return
    with clickhouse() as server:
        yield Engine(server.url, server.run)


def logged(folder: Path, hits: list[Hit], *, agents: bool) -> LogSummary:
    """What the file says of these hits."""
    path = folder / "access.log"
    with path.open("w") as file:
        for hit in hits:
            at = BEGIN + timedelta(minutes=hit.minute)
            written = f"10/Nov/2026:{hit.minute // 60:02d}:{hit.minute % 60:02d}:07"
            file.write((hit if agents else hit._replace(agent="-")).line().replace(written, f"{at:%d/%b/%Y:%H:%M:07}"))
            file.write("\n")
    with LogEngine(UPSTREAM_FORMAT, wanted=WANTED) as engine:
        engine.read([path])
        return summarise(engine, [str(path)], assumed=False)


def fill(engine: Engine, hits: list[Hit], *, agents: bool) -> None:
    """The same hits in a table; columns may be nullable."""
    maybe = "Nullable({})" if agents else "{}"
    engine.run(
        f"CREATE TABLE requests (time DateTime('UTC'), remote_addr String, request_method {maybe.format('String')}, "
        f"request_uri String, status UInt16, request_time {maybe.format('Float64')}, tried String, upstream_s Float64, "
        f"{'http_user_agent Nullable(String)' if agents else 'route String'}) ENGINE = MergeTree() ORDER BY time "
        "PARTITION BY tuple()"
    )
    rows = [
        json.dumps({
            "time": f"{BEGIN + timedelta(minutes=hit.minute):%Y-%m-%d %H:%M:07}", "remote_addr": hit.client,
            "request_method": hit.method, "request_uri": hit.path, "status": hit.status, "request_time": hit.ms / 1000,
            "tried": ", ".join(str(status) for _, status in hit.tries) or "-",
            "upstream_s": sum(round(hit.ms / 1000 / len(hit.tries), 3) for _ in hit.tries),
            **({"http_user_agent": hit.agent} if agents else {"route": "a column that has the name of an answer's"}),
        })
        for hit in hits
    ]  # fmt: skip
    engine.run("INSERT INTO requests FORMAT JSONEachRow\n" + "\n".join(rows))


def table(engine: Engine, **more: object) -> AccessLog:
    """The table, declared."""
    return AccessLog.model_validate(
        {"name": "shop", "clickhouse": engine.url, "table": "requests", "columns": COLUMNS} | more
    )


NOT_COMPARED = {"files", "format", "fields", "upstreams"}


@pytest.mark.parametrize("agents", [True, False])
def test_a_table_says_what_a_file_of_the_same_requests_says(tmp_path: Path, engine: Engine, agents: bool) -> None:
    """Classes, failures by kind, exact percentiles, time-outs, late answers, scanners, repeats: the whole summary."""
    hits = hits_of_every_kind()
    fill(engine, hits, agents=agents)
    expected = logged(tmp_path, hits, agents=agents)
    found = summary_of_table(LiveWorld(60), table(engine), WANTED)
    assert summary_of_table(LiveWorld(60), table(engine)).routes == found.routes[:MOST_ROUTES]
    means = {each.route: each.mean_us for each in expected.routes}
    assert {each.route: each.mean_us for each in found.routes} == pytest.approx(means)
    assert _plain(found) == _plain(expected)
    assert ("agent" in found.fields) is agents
    # What the comparison rests on was there to be compared.
    assert set(found.traffic) == {"user", "static", "health", "nobody", *(["bot"] if agents else [])}
    (invoices,) = [each for each in found.routes if each.route == "GET /invoices/:id.pdf"]
    assert (invoices.requests, invoices.failed) == (12, 3)
    assert found.health_failed == 4 and found.scanners == 1 and found.repeats and found.other_routes
    assert len(found.failing) == 3 and found.minutes
    assert found.late == {
        100_000: {"POST /checkout": 4, "PUT /rare": 1, "GET /it's\\": 1},
        700_000: {"POST /checkout": 2, "PUT /rare": 1, "GET /it's\\": 1},
    }
    assert found.users and set(found.users.failures) > {"closed", "timeout", "balancer_error"}
    assert found.users.cut_off_us == 60_000_000


@pytest.mark.parametrize("agent", ["-", "", BROWSER])
def test_a_column_in_which_nobody_names_an_agent_leaves_bots_unknown(engine: Engine, agent: str) -> None:
    """Whatever writes the table may not know them; with browsers only there are 0 bots."""
    fill(engine, [Hit("/cart", agent=agent)] * 30, agents=True)
    declared = f'clickhouse = "{engine.url}"\ntable = "requests"\ncolumns = {json.dumps(COLUMNS).replace(":", "=")}\n'
    evidence = look(f'[[access_log]]\nname = "shop"\n{declared}')
    (bots,) = [each for each in evidence if each.quantity == "traffic.requests.bot"]
    assert isinstance(bots, Measured if agent == BROWSER else Missing)


def _plain(summary: LogSummary) -> dict[str, object]:
    told = summary.model_dump(exclude=NOT_COMPARED)
    for each in (told["users"], *told["routes"]):
        del each["mean_us"]
    return told


def look(declared: str) -> list[AnyEvidence]:
    """What the source says of a declared system."""
    source = tuple(each for each in all_sources() if each.name == "access_log")
    return gather(source, Survey(LiveWorld(60), parse_system(declared)))


def declared(url: str, table: str = "requests", agent: str = "") -> str:
    """The table as in infra.toml, and a journey with a limit of 50 ms."""
    more = f'\nagent = "{agent}"' if agent else ""
    return (
        f'[[access_log]]\nname = "shop"\nclickhouse = "{url}"\ntable = "{table}"\n'
        f'[access_log.columns]\nupstream_status = "tried"{more}\n'
        '[[service]]\nname = "shop"\n[[service.journey]]\nname = "buy"\nroutes = ["/cart"]\nlimit_ms = 50\n'
        '[[service.journey.step]]\nurl = "http://127.0.0.1:1/"\n'
    )


def test_late_answers_of_a_journey_are_known_from_a_table(engine: Engine) -> None:
    """Three of forty took longer than 50 ms, bots not counted; the report says what was counted as whose request."""
    hits = [Hit("/cart", ms=51 if n < 3 else 50) for n in range(40)] + [Hit("/cart", ms=900, agent=GOOGLE)] * 5
    fill(engine, hits, agents=True)
    evidence = look(declared(engine.url))
    numbers = {each.quantity: each for each in evidence if isinstance(each, Measured)}
    assert numbers["availability.requests.late"].value == 3 and numbers["availability.requests"].value == 92.5
    assert numbers["availability.requests"].n == 40 and numbers["traffic.requests.bot"].value == 5
    assert "user agents" not in str(numbers["log.format"].value)


def test_without_user_agents_bots_are_unknown_and_never_none(engine: Engine) -> None:
    """The report says that they are among the users; a declared column that is not there is an error, in words."""
    fill(engine, [Hit("/cart")] * 10, agents=False)
    evidence = look(declared(engine.url))
    (format_,) = [each for each in evidence if isinstance(each, Measured) and each.quantity == "log.format"]
    assert "holds no user agents, so that bots" in str(format_.value)
    (bots,) = [each for each in evidence if each.quantity == "traffic.requests.bot"]
    assert isinstance(bots, Missing) and bots.why == "not_recorded" and "columns = { agent" in bots.how
    wrong = look(declared(engine.url, agent="nobody_has_this"))
    gaps = [each for each in wrong if isinstance(each, Missing) and each.quantity == "traffic.requests"]
    assert [each.why for each in gaps] == ["error"] and "nobody_has_this" in gaps[0].detail
