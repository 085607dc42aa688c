"""A real Prometheus with ninety days of backfilled data, and servers that misbehave."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.prometheus import Prometheus as Declared
from infra_maintainer.system.system import System
from infra_maintainer.world.recorded import RecordedWorld
from infra_maintainer.world.recording import RecordingWorld
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services import web
from tests.services.prometheus import Prometheus, openmetrics, prometheus, samples

DAYS = 90
BOUNDS = ("0.05", "0.1", "0.25", "0.5", "1", "+Inf")
# Requests of one quarter hour per bucket: most are fast, some are slow, as much slower now as `slower` says.
USUAL = (400, 300, 150, 40, 8, 2)
NOW = (100, 150, 150, 200, 250, 50)


def history(end: float, *, slower_now: bool) -> str:
    """Requests and durations of a route, every 15 minutes for 90 days, every minute of the last six hours."""
    times = [end - 900 * step for step in range(DAYS * 96, 24, -1)] + [end - 60 * step for step in range(360, -1, -1)]
    begin = times[0]
    requests, errors, buckets = 0.0, 0.0, [0.0] * len(BOUNDS)
    ok: list[tuple[float, float]] = []
    bad: list[tuple[float, float]] = []
    counts: list[list[tuple[float, float]]] = [[] for _ in BOUNDS]
    for at, before in zip(times, [begin, *times[:-1]], strict=True):
        recent = slower_now and at > end - 7200
        share = (at - before) / 900
        for number, each in enumerate(NOW if recent else USUAL):
            buckets[number] += each * share
        requests += 880 * share
        errors += (30 if recent else 0.5) * share
        ok.append((at, requests))
        bad.append((at, errors))
        below = 0.0
        for number, so_far in enumerate(buckets):
            below += so_far
            counts[number].append((at, below))
    route = {"route": "/pay"}
    up = [(at, 1.0) for at in times]
    dead = [(at, 0.0) for at in times if at > end - 40 * 86400]
    return openmetrics(
        ("http_requests", "counter", samples("http_requests_total", {**route, "code": "200"}, ok)
         + samples("http_requests_total", {**route, "code": "500"}, bad)),
        ("http_request_duration_seconds", "gauge", "".join(
            samples("http_request_duration_seconds_bucket", {**route, "le": bound}, points)
            for bound, points in zip(BOUNDS, counts, strict=True))),
        ("up", "gauge", samples("up", {"job": "web", "instance": "web-1"}, up)
         + samples("up", {"job": "web", "instance": "web-dead"}, dead)),
        ("ALERTS", "gauge", samples("ALERTS", {"alertname": "Slow", "severity": "page", "alertstate": "firing"},
         [(end - 60 * n, 1.0) for n in range(5)])),
    )  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    """One server whose last two hours are slow and failing."""
    with prometheus(history(time.time() // 60 * 60, slower_now=True)) as running:
        yield running


def look(url: str, time_limit_s: float = 20.0, **more: object) -> list[AnyEvidence]:
    """What the source says of a server."""
    declared = Declared.model_validate({"name": "main", "url": url, **more})
    source = tuple(each for each in all_sources() if each.name == "prometheus")
    return gather(source, Survey(LiveWorld(time_limit_s), System(prometheus=[declared])))


def judged(evidence: list[AnyEvidence]) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)


def one(evidence: list[AnyEvidence], quantity: str, subject: str, stat: str | None = None) -> Measured:
    """The one measured record."""
    (found,) = [
        e
        for e in evidence
        if isinstance(e, Measured) and (e.quantity, e.subject) == (quantity, subject) and stat in (None, e.stat)
    ]
    return found


@requirement("monitoring.severity_high")
def test_figures_agree_with_promtool(server: Prometheus) -> None:
    """Requests, error share, P50, P95 and P99 against the same expressions asked by the independent client."""
    evidence = look(server.url)
    at = next(e for e in evidence if isinstance(e, Measured)).as_of.timestamp() // 15 * 15
    tool = {
        "p95": "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[60m])))",
        "p99": "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[60m])))",
        "p50": "histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket[60m])))",
    }
    for stat, query in tool.items():
        expected = float(server.promtool(query, at).split("=>")[1].split("@")[0])
        assert float(one(evidence, "traffic.latency", "traffic:main", stat).value) == pytest.approx(
            expected * 1000, rel=1e-4
        )
    errors = 'sum(increase(http_requests_total{code=~"5.."}[60m])) / sum(increase(http_requests_total[60m])) * 100'
    expected = float(server.promtool(errors, at).split("=>")[1].split("@")[0])
    assert float(one(evidence, "traffic.errors", "traffic:main").value) == pytest.approx(expected, rel=1e-4)
    assert float(one(evidence, "metrics.queries", "metrics:main").value) <= 30


@requirement("honesty.record")
def test_a_recording_that_took_longer_replays_the_same_answers(server: Prometheus, tmp_path: Path) -> None:
    """Its clock stands at its start; the questions were put later, and name the moment that they were put at."""
    recording = RecordingWorld(LiveWorld(20), tmp_path / "world")
    about = json.loads((tmp_path / "world" / "world.json").read_text())
    earlier = datetime.fromisoformat(about["recorded_at"]) - timedelta(seconds=40)
    (tmp_path / "world" / "world.json").write_text(json.dumps({**about, "recorded_at": earlier.isoformat()}))
    source = tuple(each for each in all_sources() if each.name == "prometheus")
    system = System(prometheus=[Declared(name="main", url=server.url)])
    live = gather(source, Survey(recording, system))
    recording.close()
    again = gather(source, Survey(RecordedWorld(tmp_path / "world", 20), system))
    first, second = ([(e.quantity, e.subject, e.stat, e.value) for e in each if isinstance(e, Measured)]
                     for each in (live, again))  # fmt: skip
    assert first == second and len(first) > 20


def test_slower_than_the_same_hour_of_four_weeks_is_found_by_its_tail(server: Prometheus) -> None:
    """P95 above twice normal; the percentile's bucket and its open end are told."""
    evidence = look(server.url)
    report = judged(evidence)
    codes = {f.code: f for f in report.findings}
    assert codes["slower_than_normal"].severity == "high" and "normally" in codes["slower_than_normal"].says
    assert codes["traffic_slow"].says.startswith("all traffic of main: P99 at least 1 s")
    assert codes["traffic_errors"].severity == "high" and codes["budget_burn_fast"].severity == "critical"
    assert "Slow" in codes["alerts_firing"].says and "web-dead" in codes["targets_down"].says
    assert report.verdict == "critical"


@requirement("monitoring.sla")
def test_a_target_down_for_forty_days_and_still_down_has_no_availability(server: Prometheus) -> None:
    """Its outage began before the window of thirty days; nothing of it is available."""
    evidence = look(server.url)
    assert one(evidence, "metrics.availability", "target:main:web-dead").value == 0
    finding = next(f for f in judged(evidence).findings if f.code == "target_unavailable")
    assert finding.severity == "high" and "web-dead" in finding.subject


def test_without_four_weeks_of_history_normal_is_unknown() -> None:
    """A server with two days of data says so; nothing is called normal, and its calm traffic passes."""
    end = time.time() // 60 * 60
    lines = history(end, slower_now=False).splitlines(keepends=True)
    recent = [line for line in lines if line.startswith("#") or float(line.split()[-1]) > end - 2 * 86400]
    with prometheus("".join(recent)) as young:
        evidence = look(young.url)
    missing = [e for e in evidence if isinstance(e, Missing) and e.quantity == "traffic.latency.normal"]
    assert [e.why for e in missing] == ["no_data"] and "of the last four weeks" in missing[0].detail
    assert not [e for e in evidence if e.quantity == "traffic.burn.slow"]
    report = judged(evidence)
    assert "slower_than_normal" in {u.code for u in report.unknowns}
    assert "budget_burn_fast" in {p.code for p in report.passes}


def _json(status: int, body: str) -> web.Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        payload = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    return answer


def _half(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"status":"success","data":{"res')
    handler.close_connection = True


def _million(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(b'{"status":"success","data":{"resultType":"vector","result":[')
    row = b'{"metric":{"instance":"host-%d"},"value":[1760000000,"1"]},'
    try:
        for number in range(1_000_000):
            handler.wfile.write(row % number)
    except OSError:
        return


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (web.hang, "timeout"),
        (_json(422, '{"status":"error","errorType":"execution","error":"too many samples"}'), "error"),
        (_json(503, '{"status":"error","errorType":"timeout","error":"query timed out"}'), "timeout"),
        (_json(502, "<html>bad gateway</html>"), "error"),
        (_json(200, "<html>please log in</html>"), "error"),
        (_json(401, "no"), "denied"),
        (web.redirect_loop, "denied"),
        (_half, "error"),
        (_million, "error"),
        (web.reset, "unreachable"),
    ],
)
def test_a_server_that_misbehaves_is_missing_for_its_reason_within_the_limit(bad: web.Answer, why: str) -> None:
    """Nothing is zero, nothing is healthy, and one bad answer ends the questions."""
    begin = time.monotonic()
    with web.web(bad) as url:
        evidence = look(url, time_limit_s=4.0)
    assert time.monotonic() - begin < 8
    assert {e.why for e in evidence if isinstance(e, Missing)} == {why}
    assert not [e for e in evidence if isinstance(e, Measured)]
    assert judged(evidence).verdict == "unknown"


def test_warnings_of_the_server_reach_the_report_and_the_token_does_not(tmp_path: Path) -> None:
    """Thanos and Mimir answer partly and say so; the bearer token comes from a file and stays out of the evidence."""
    seen: list[str] = []

    def partial(handler: BaseHTTPRequestHandler) -> None:
        seen.append(str(handler.headers["Authorization"]))
        _json(200, '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"part":"all"},'
                   '"value":[1,"3"]}]},"warnings":["store 10.0.0.1 is away"]}')(handler)  # fmt: skip

    (tmp_path / "token").write_text("hunter2hunter2\n")
    with web.web(partial) as url:
        evidence = look(url, token_file=str(tmp_path / "token"))
    assert set(seen) == {"Bearer hunter2hunter2"}
    quotes = [e.quote for e in evidence if isinstance(e, Measured) and e.quantity == "metrics.warnings"]
    assert quotes == ["store 10.0.0.1 is away"]
    assert "hunter2" not in "".join(e.model_dump_json() for e in evidence)
