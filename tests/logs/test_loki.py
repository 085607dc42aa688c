"""Requests in Loki: our queries against its published grammar, and their answers by its documentation.

No real Loki runs here: what these tests cannot show is told in the report of everybody who uses it.
"""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.known import BY_NAME, format_of
from infra_maintainer.logs.logql import Questions
from infra_maintainer.logs.loki import summary_of_loki
from infra_maintainer.logs.nginx import TIMED
from infra_maintainer.logs.summary import summarise
from infra_maintainer.logs.wanted import Wanted
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.load import parse_system
from infra_maintainer.world.clock import FrozenClock
from infra_maintainer.world.world import LiveWorld
from tests.logs.logbook import BROWSER, GOOGLE, UPSTREAM_FORMAT, Hit, hits_of_every_kind, mixed_hits, plain_count, write
from tests.services.documented_loki import documented_loki

FORMAT = TIMED + " $upstream_status $upstream_addr"
NOW = datetime(2026, 11, 10, 12, 0, 30, tzinfo=UTC)
NODE = Path(os.environ.get("INFRA_NODE_TOOLS", "/tmp/node-tools")) / "node_modules"
GRAMMAR = """
import {parser} from 'LEZER';
let text = ''; for await (const piece of process.stdin) text += piece;
console.log(JSON.stringify(JSON.parse(text).map(query => {
  let bad = 0; parser.parse(query).iterate({enter: node => { if (node.type.isError) bad++ }}); return bad; })));
"""


def entries(count: int) -> list[tuple[float, str]]:
    """Requests of the last hours, two a second within their minutes, as nginx logs them."""
    begin = NOW.timestamp() - 3600
    return [(begin + number * 0.5, hit.line()) for number, hit in enumerate(mixed_hits(count))]


def at_noon() -> LiveWorld:
    """The network, at the moment of these tests."""
    world = LiveWorld(60)
    world.clock = FrozenClock(NOW)
    return world


def look(url: str, more: str = "", log_format: str = FORMAT) -> list[AnyEvidence]:
    """What the source says of a Loki at that address."""
    where = f'loki = "{url}"\nselector = \'{{job="nginx"}}\''
    text = f"[[access_log]]\nname = \"shop\"\n{where}\nformat = '''{log_format}'''\n"
    world = at_noon()
    source = tuple(each for each in all_sources() if each.name == "access_log")
    return gather(source, Survey(world, parse_system(text + more)))


def value(evidence: list[AnyEvidence], quantity: str, subject: str, stat: str | None = None) -> float:
    """The one measured value."""
    (found,) = [
        each
        for each in evidence
        if isinstance(each, Measured) and (each.quantity, each.subject) == (quantity, subject)
        if stat in (None, each.stat)
    ]
    return float(found.value)


def interpolated(values: list[int], share: float) -> float:
    """A quantile between the neighbours of its rank, written once more."""
    ordered = sorted(values)
    whole, part = divmod(share * (len(ordered) - 1), 1)
    low = ordered[int(whole)]
    return low + (ordered[min(int(whole) + 1, len(ordered) - 1)] - low) * part


def test_counts_agree_with_a_plain_count_and_percentiles_are_interpolated() -> None:
    """Requests, failures and retries of each route; lines that fit no format are refused and counted."""
    hits = mixed_hits(3000)
    lines = [*entries(3000), *((NOW.timestamp() - 600 + number, "not a request") for number in range(7))]
    with documented_loki(lines, tenant="shop") as loki:
        evidence = look(loki.url, 'tenant = "shop"\n')
        assert len(loki.asked) <= 26
    for name, row in plain_count(hits).items():
        subject = f"route:shop:{name}"
        assert value(evidence, "traffic.requests", subject) == row.requests
        assert abs(value(evidence, "traffic.errors", subject) - row.failed / row.requests * 100) < 0.001
        assert abs(value(evidence, "traffic.retries.hidden", subject) - row.hidden / row.requests * 100) < 0.001
    for stat, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        expected = interpolated([hit.ms for hit in hits], share)
        assert value(evidence, "traffic.latency", "traffic:shop", stat) == pytest.approx(expected, abs=0.001)
    assert value(evidence, "traffic.latency", "traffic:shop", "mean") == pytest.approx(
        sum(hit.ms for hit in hits) / 3000, abs=0.001
    )
    assert value(evidence, "log.lines", "traffic:shop") == 3007
    assert value(evidence, "log.lines.refused", "traffic:shop") == 7
    report = assess(evidence, Policy(), "health", NOW, users_first=True)
    (read,) = [each.says for each in report.passes if each.code == "log_refused"]
    assert "percentiles interpolated there" in read and "not yet run against a real Loki" in read
    requests = [each for each in evidence if isinstance(each, Measured) and each.quantity == "traffic.requests"]
    assert requests[0].window == pytest.approx(1500, abs=120)


WANTED = Wanted(["/rare", "POST /checkout", "GET /absent", "GET /it's\\"], [100_000, 700_000])


def test_users_are_told_from_programs_checks_and_static_files_as_in_a_file(tmp_path: Path) -> None:
    """Every class, the failures of checks, users' requests by route, minutes, and answers later than each limit."""
    hits = hits_of_every_kind()
    with LogEngine(UPSTREAM_FORMAT, wanted=WANTED) as engine:
        engine.read([write(tmp_path / "access.log", hits)])
        expected = summarise(engine, [], assumed=False)
    times = [NOW.timestamp() - 3600 + number * 0.5 for number in range(len(hits))]
    with documented_loki([(at, hit.line()) for at, hit in zip(times, hits, strict=True)]) as loki:
        log = AccessLog(name="shop", loki=loki.url, selector='{job="nginx"}', format=FORMAT)
        found = summary_of_loki(at_noon(), log, WANTED)
        assert len(loki.asked) <= 28
    assert found.traffic == expected.traffic and set(found.traffic) == {"user", "health", "bot", "static", "nobody"}
    assert found.health_failed == expected.health_failed == 4
    assert found.late == expected.late and sum(map(len, found.late.values())) == 6
    assert found.users and expected.users and found.users.requests == expected.users.requests
    assert (found.users.failed, found.users.retried) == (expected.users.failed, expected.users.retried)
    assert found.users.time_us == expected.users.time_us
    told, of_file = ({e.route: (e.requests, e.failed, e.time_us) for e in each.routes} for each in (found, expected))
    both = told.keys() & of_file.keys()
    assert {name: told[name] for name in both} == {name: of_file[name] for name in both}
    assert len(both) > 100  # the busiest here, there those in which users spent most time
    assert told["GET /invoices/:id.pdf"][:2] == (12, 3) and {"GET /export.csv", "GET /feed.xml"} <= both
    assert {"PUT /rare", "GET /rare", "POST /checkout", "GET /it's\\"} <= {each.route for each in found.routes}
    assert [sum(each) for each in zip(*((n, bad) for _, n, bad in found.minutes), strict=True)] == [
        sum(each) for each in zip(*((n, bad) for _, n, bad in expected.minutes), strict=True)
    ]


def test_without_user_agents_programs_are_unknown_and_count_as_users() -> None:
    """Health checks and static files are still known by their paths; the report says what is not."""
    hits = [Hit("/cart")] * 10 + [Hit("/cart", agent=GOOGLE)] * 3 + [Hit("/healthz")] * 5 + [Hit("/a.css")] * 2
    bare = '$remote_addr - - [$time_local] "$request" $status $request_time'
    lines = [f'10.0.0.1 - - [10/Nov/2026:00:00:07 +0000] "{h.method} {h.path} HTTP/1.1" 200 0.010' for h in hits]
    with documented_loki([(NOW.timestamp() - 600, line) for line in lines]) as loki:
        evidence = look(loki.url, log_format=bare)
    assert value(evidence, "traffic.requests", "traffic:shop") == 13
    assert value(evidence, "traffic.requests.health", "traffic:shop") == 5
    assert value(evidence, "traffic.requests.static", "traffic:shop") == 2
    (bots,) = [each for each in evidence if each.quantity == "traffic.requests.bot"]
    assert isinstance(bots, Missing)
    (read,) = [each.value for each in evidence if isinstance(each, Measured) and each.quantity == "log.format"]
    assert "holds no user agents" in str(read)


def json_line(name: str, agent: str) -> str:
    """One request as each server writes it, without the user agent where the client named none."""
    if name == "caddy":
        headers = {"User-Agent": [agent]} if agent else {}
        request = {"method": "GET", "uri": "/cart", "headers": headers}
        return json.dumps({"duration": 0.01, "status": 200, "request": request})
    if name == "traefik":
        line = {"RequestMethod": "GET", "RequestPath": "/cart", "Duration": 10_000_000, "DownstreamStatus": 200}
        return json.dumps(line | ({"request_User-Agent": agent} if agent else {}))
    answer = {"method": "GET", "path": "/cart", "duration": 10, "response_code": 200}
    return json.dumps(answer | {"user_agent": agent or None})


@pytest.mark.parametrize("name", ["caddy", "traefik", "envoy-json"])
def test_json_lines_tell_programs_from_users_where_a_line_names_its_agent(name: str) -> None:
    """A list within the headers, a flat member; where every agent was left out or redacted, bots are unknown."""
    hits = [Hit("/cart")] * 5 + [Hit("/cart", agent=GOOGLE)] * 3 + [Hit("/cart", agent="kube-probe/1.29")] * 2
    hits += [Hit("/cart", agent="")]

    def told(agents: dict[str, str]) -> list[AnyEvidence]:
        lines = [json_line(name, agents.get(hit.agent, hit.agent)) for hit in hits]
        with documented_loki([(NOW.timestamp() - 600, line) for line in lines]) as loki:
            return look(loki.url, log_format=name)

    evidence = told({})
    assert value(evidence, "traffic.requests", "traffic:shop") == 6
    assert value(evidence, "traffic.requests.bot", "traffic:shop") == 3
    assert value(evidence, "traffic.requests.health", "traffic:shop") == 2
    humans = told({GOOGLE: BROWSER, "kube-probe/1.29": BROWSER})
    assert value(humans, "traffic.requests.bot", "traffic:shop") == 0
    for instead in ("", "REDACTED"):
        nobody = told({hit.agent: instead for hit in hits})
        assert value(nobody, "traffic.requests", "traffic:shop") == 11
        (bots,) = [each for each in nobody if each.quantity == "traffic.requests.bot"]
        assert isinstance(bots, Missing)


def test_a_request_that_caddy_tells_twice_is_one_request_in_loki_too() -> None:
    """Its error log goes to standard error as its access log does, with the same status."""
    request = {"method": "GET", "uri": "/cart", "headers": {"User-Agent": [BROWSER]}}
    line = {"duration": 0.01, "status": 502, "request": request}
    both = [json.dumps(line | {"logger": each}) for each in ("http.log.error.log0", "http.log.access.log0")] * 5
    with documented_loki([(NOW.timestamp() - 600, each) for each in both]) as loki:
        evidence = look(loki.url, log_format="caddy")
    assert value(evidence, "traffic.requests", "traffic:shop") == 5
    assert value(evidence, "traffic.errors.server_error", "traffic:shop") == 5
    assert value(evidence, "log.lines.refused", "traffic:shop") == 5


def test_a_limit_that_the_server_refuses_is_unknown_and_the_rest_is_told() -> None:
    """Nothing is counted as in time when nobody could ask for what was late."""
    journey = (
        '[[service]]\nname = "shop"\n[[service.journey]]\nname = "buy"\nroutes = ["/cart"]\nlimit_ms = 50\n'
        '[[service.journey.step]]\nurl = "http://127.0.0.1:1/"\n'
    )
    lines = [(NOW.timestamp() - 600, Hit("/cart", ms=51 if number < 3 else 50).line()) for number in range(40)]
    with documented_loki(lines, refused="im_duration >") as old, documented_loki(lines) as loki:
        without, evidence = look(old.url, journey), look(loki.url, journey)
    late = "availability.requests.late"
    assert value(evidence, late, "journey:shop/buy") == 3
    assert value(evidence, "availability.requests", "journey:shop/buy") == 92.5
    assert not [each for each in without if each.quantity == late]
    assert value(without, "availability.requests", "journey:shop/buy") == 100
    (gap,) = [each for each in without if isinstance(each, Missing) and each.quantity == "log.lines"]
    assert gap.detail.startswith("answers later than 50 ms: ")


def test_json_lines_are_read_by_their_members() -> None:
    """Caddy's nested objects, seconds with an exponent among them."""
    lines = [
        (
            NOW.timestamp() - 600 + number,
            json.dumps({
                "ts": 1.0, "duration": 0.00002 if number % 2 else 0.5, "status": 500 if number < 5 else 200,
                "request": {"method": "GET", "uri": f"/a/{number}?q=1", "client_ip": "10.0.0.1"},
            }),
        )
        for number in range(100)
    ]  # fmt: skip
    with documented_loki(lines) as loki:
        evidence = look(loki.url, log_format="caddy")
    assert value(evidence, "traffic.requests", "route:shop:GET /a/:id") == 100
    assert value(evidence, "traffic.errors.server_error", "route:shop:GET /a/:id") == 5
    assert value(evidence, "traffic.latency", "traffic:shop", "p99") == pytest.approx(500)
    assert value(evidence, "traffic.time", "traffic:shop") == pytest.approx(25.001)


def test_what_loki_refuses_or_lacks_is_missing_with_its_own_words() -> None:
    """No line, no line of that format, too many series, no tenant, an answer of something else."""
    with documented_loki([]) as empty:
        nothing = look(empty.url)
    with documented_loki([(NOW.timestamp() - 300, "hello")] * 3) as other:
        strange = look(other.url)
    with documented_loki(entries(500), most_series=3) as small:
        crowded = look(small.url)
    with documented_loki(entries(10), tenant="shop") as closed:
        refused = look(closed.url)
    for evidence, why, said in (
        (nothing, "no_data", "no line"),
        (strange, "no_data", "3 lines, none in the format"),
        (refused, "denied", "refused the account"),
    ):
        gaps = [each for each in evidence if isinstance(each, Missing)]
        assert {each.why for each in gaps} == {why} and said in gaps[0].detail
    assert value(crowded, "traffic.requests", "traffic:shop") == 500
    assert not [each for each in crowded if each.subject.startswith("route:")]
    (gap,) = [each for each in crowded if isinstance(each, Missing) and each.quantity == "log.lines"]
    assert "maximum of series (3) reached" in gap.detail


def test_every_query_is_valid_by_the_published_grammar() -> None:
    """Each question, for each format that can be told; the grammar does refuse what is not LogQL."""
    package = NODE / "@grafana" / "lezer-logql" / "index.es.js"
    if not package.is_file():
        said = f"needs @grafana/lezer-logql under {NODE}: run .ci/install-node-tools"
        if os.environ.get("CI") == "true":
            pytest.fail(said)
        pytest.skip(said)
    queries: list[str] = []
    for name in (*BY_NAME, FORMAT):
        if name == "alb":
            with pytest.raises(ValueError, match="single duration"):
                Questions('{job="a"}', format_of(name), 60)
            continue
        ask = Questions('{job="a", host=~"web-.+"}', format_of(name), 86400)
        for each in (True, False):
            queries += [ask.statuses(by_route=each), ask.minutes(failed=each)]
            queries += [ask.timed(by_route=each), ask.time(by_route=each), ask.quantile(0.95, by_route=each)]
            queries += [ask.retried(by_route=each, hidden=hidden) for hidden in (True, False)]
        queries += [ask.lines(), ask.routes(200), ask.route_count(), ask.health(), ask.bots(), ask.static()]
        queries += [ask.agents_named()] if ask.agents else []
        queries += [ask.wanted(["GET /a", "/b`\\|"]), ask.late(["/b`\\|"], 0.0005), ask.late(["/a"], 700)]
    wrong = queries[4].replace("quantile_over_time(0.95, ", "quantile_over_time(0.95 ")
    script = GRAMMAR.replace("LEZER", str(package))
    argv = [str(NODE / ".bin" / "node"), "--input-type=module", "-e", script]
    asked = json.dumps([*queries, wrong])
    done = subprocess.run(argv, input=asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *bad, refused = json.loads(done.stdout)
    assert [query for query, errors in zip(queries, bad, strict=True) if errors] == []
    assert refused > 0
