"""Every format is recognised from its lines, and its fast way and its slow way read the same from them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Declared
from infra_maintainer.logs.apache import apache_format
from infra_maintainer.logs.apache import logs_of_configuration as apache_logs
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import format_of, recognise
from infra_maintainer.logs.nginx import logs_of_configuration as nginx_logs
from infra_maintainer.logs.nginx import nginx_format
from infra_maintainer.logs.summary import summarise
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld


class Sample(NamedTuple):
    """A line of a server's documentation or practice, and what it says."""

    line: str
    format: str
    route: str
    us: int | None
    failure: str | None = None
    hidden: int | None = None


CLF = '10.0.0.1 - - [10/Nov/2026:00:00:00 +0000] "GET /a/7?x=1 HTTP/1.1"'
ALB = (
    "https 2026-11-10T00:00:00.186641Z app/lb/50dc 192.168.131.39:2817 {target} {times} {status} {back} 0 57 "
    '"GET https://www.example.com:443/a/7 HTTP/1.1" "Mozilla/5.0" ECDHE TLSv1.2 arn:aws:tg "Root=1" "www.shop" '
    '"arn:aws:acm" 1 2026-11-10T00:00:00.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1'
)
HAPROXY = (
    "Nov 10 00:00:00 lb haproxy[14389]: 10.0.1.2:33317 [10/Nov/2026:00:00:00.655] front app/{server} 10/0/30/{tr}/{ta} "
    '{status} 2750 - - {state} 1/1/1/1/{retries} 0/0 {{www}} {{}} "GET /a/7 HTTP/1.1"'
)
ENVOY = (
    '[2026-11-10T00:00:00.310Z] "GET /a/7 HTTP/2" {status} {flags} 154 0 226 {back} "10.0.35.28" "Mozilla/5.0" "cc21" '
    '"shop" "10.0.2.1:80"'
)
HAPROXY_LINE = HAPROXY.format(server="s1", tr=20, ta=60, status=200, state="----", retries=0)
JSON_LINE = '{{"time":"{time}","status":200,"method":"GET","uri":"/a/7","request_time":0.012}}'
SAMPLES = [
    Sample(CLF + ' 200 5 "-" "Mozilla/5.0"', "combined", "GET /a/:id", None),
    Sample(CLF + " 503 5", "common", "GET /a/:id", None, "server_error"),
    Sample(CLF + ' 200 5 "-" "Mozilla/5.0" 12345', "combined with %D", "GET /a/:id", 12_345),
    Sample(CLF + ' 499 0 "-" "Mozilla/5.0" 0.100 -', "request and upstream times", "GET /a/:id", 100_000, "aborted", 0),
    Sample(
        CLF + ' 200 5 "-" "Mozilla/5.0" 0.100 0.020, 0.070',
        "request and upstream times",
        "GET /a/:id",
        100_000,
        None,
        1,
    ),
    Sample(
        CLF + ' 200 5 "-" "Mozilla/5.0" 0.100 0.020 : 0.070',
        "request and upstream times",
        "GET /a/:id",
        100_000,
        None,
        0,
    ),
    Sample(
        CLF + ' 200 5 "-" "Mozilla/5.0" rt=0.009 uct="0.000" uht="0.004" urt="0.004"',
        "rt=",
        "GET /a/:id",
        9_000,
        None,
        0,
    ),
    Sample(
        HAPROXY.format(server="s1", tr=69, ta=109, status=200, state="----", retries=0),
        "HAProxy",
        "GET /a/:id",
        109_000,
        None,
        0,
    ),
    Sample(
        HAPROXY.format(server="s1", tr=69, ta=109, status=200, state="----", retries="+2"),
        "HAProxy",
        "GET /a/:id",
        109_000,
        None,
        1,
    ),
    Sample(
        HAPROXY.format(server="s1", tr=-1, ta=5000, status=504, state="sH--", retries=0),
        "HAProxy",
        "GET /a/:id",
        5_000_000,
        "timeout",
        0,
    ),
    Sample(
        HAPROXY.format(server="<NOSRV>", tr=-1, ta=9, status=503, state="SC--", retries=0),
        "HAProxy",
        "GET /a/:id",
        9_000,
        "balancer_error",
        0,
    ),
    Sample(
        HAPROXY.format(server="s1", tr=-1, ta=900, status=-1, state="CD--", retries=0),
        "HAProxy",
        "GET /a/:id",
        900_000,
        "aborted",
        0,
    ),
    Sample(ENVOY.format(status=204, flags="-", back=100), "Envoy", "GET /a/:id", 226_000),
    Sample(ENVOY.format(status=504, flags="UT", back="-"), "Envoy", "GET /a/:id", 226_000, "timeout"),
    Sample(ENVOY.format(status=0, flags="DC", back="-"), "Envoy", "GET /a/:id", 226_000, "aborted"),
    Sample(ENVOY.format(status=503, flags="UH", back="-"), "Envoy", "GET /a/:id", 226_000, "balancer_error"),
    Sample(
        ALB.format(target="10.0.0.1:80", times="0.086 0.048 0.037", status=200, back=200), "ALB", "GET /a/:id", 171_000
    ),
    Sample(ALB.format(target="-", times="-1 -1 -1", status=503, back="-"), "ALB", "GET /a/:id", None, "balancer_error"),
    Sample(
        '{"ts":1793577600.5,"request":{"client_ip":"127.0.0.1","method":"GET","uri":"/a/7?x=1"},"duration":0.000929675,'
        '"status":200}',
        "Caddy",
        "GET /a/:id",
        930,
    ),
    Sample(
        '{"ClientHost":"1.2.3.4","StartUTC":"2026-11-10T00:00:00.1Z","RequestMethod":"GET","RequestPath":"/a/7",'
        '"DownstreamStatus":200,"Duration":2500000,"OriginDuration":2000000,"OriginStatus":200,"RetryAttempts":1}',
        "Traefik",
        "GET /a/:id",
        2_500,
        None,
        1,
    ),
    Sample(
        '{"time":"2026-11-10T00:00:00Z","status":200,"method":"GET","uri":"/a/7","latency_ms":12}',
        "JSON",
        "GET /a/:id",
        12_000,
    ),
    Sample(
        '{"time":"2026-11-10T00:00:00Z","status":200,"method":"GET","uri":"/a/7","latency":12}',
        "JSON",
        "GET /a/:id",
        None,
    ),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=[f"{n}-{each.format}" for n, each in enumerate(SAMPLES)])
def test_a_line_of_each_server_says_the_same_on_both_ways(tmp_path: Path, sample: Sample) -> None:
    """Route, time, failure and retries of thirty lines; a latency whose unit nobody named stays unknown."""
    found = recognise([sample.line] * 5)
    assert found is not None and sample.format in found.format.name
    (tmp_path / "a.log").write_text(f"{sample.line}\n" * 30)
    with LogEngine(found.format) as engine:
        lines = engine.read([tmp_path / "a.log"])
        summary = summarise(engine, ["a.log"], assumed=True)
    assert lines.parsed == 30
    (route,) = summary.routes
    assert (route.route, route.p50_us) == (sample.route, sample.us)
    assert route.failures == ({sample.failure: 30} if sample.failure else {})
    assert route.hidden_retries == (None if sample.hidden is None else sample.hidden * 30)
    assert summary.first_minute is not None and summary.first_minute.isoformat()[:10] in ("2026-11-10", "2026-11-02")
    slow = (
        found.format.parse(sample.line)
        if isinstance(found.format, JsonLines)
        else found.format.pattern().fullmatch(sample.line)
    )
    assert slow is not None


@pytest.mark.parametrize(
    ("line", "zone", "begin"),
    [
        (HAPROXY_LINE, None, "2026-11-10T00:00:00+00:00"),
        (HAPROXY_LINE, "America/New_York", "2026-11-10T05:00:00+00:00"),
        (HAPROXY_LINE.replace("10/Nov/2026:00", "10/Jul/2026:00"), "Europe/Berlin", "2026-07-09T22:00:00+00:00"),
        (JSON_LINE.format(time="2026-11-10T00:00:00"), "Europe/Berlin", "2026-11-09T23:00:00+00:00"),
        (JSON_LINE.format(time="2026-11-10T00:00:00+05:00"), "Europe/Berlin", "2026-11-09T19:00:00+00:00"),
        (f'{CLF} 200 5 "-" "Mozilla/5.0"', "Europe/Berlin", "2026-11-10T00:00:00+00:00"),
    ],
)
def test_times_without_a_zone_are_those_of_the_declared_one_and_say_so(
    tmp_path: Path, line: str, zone: str | None, begin: str
) -> None:
    """HAProxy writes wall clock; a time that names its own zone is never moved; what was assumed is told."""
    (tmp_path / "a.log").write_text(f"{line}\n" * 30)
    log = AccessLog.model_validate({"name": "edge", "path": str(tmp_path / "a.log"), "timezone": zone})
    source = tuple(each for each in all_sources() if each.name == "access_log")
    survey = Survey(LiveWorld(30), System(access_log=[log]))
    evidence = gather(source, survey)
    found = recognise([line] * 5)
    assert found is not None
    with LogEngine(found.format) as engine:
        engine.read([tmp_path / "a.log"])
        summary = summarise(engine, ["a.log"], assumed=True, zone=zone or "UTC")
    assert summary.first_minute is not None and summary.first_minute.isoformat() == begin
    own = "+05:00" in line or "+0000" in line
    zones = [
        (each.value, each.source[:8]) for each in evidence if isinstance(each, Declared) and each.quantity == "log.zone"
    ]
    assert zones == ([] if own else [(zone or "UTC", "infra.to" if zone else "assumed:")])
    report = assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)
    (said,) = [each.says for each in report.passes if each.code == "log_refused"]
    assert ("read as UTC, which nobody declared (timezone in [[access_log]])" in said) == (not own and zone is None)
    assert (f"read as {zone}, as declared" in said) == (not own and zone is not None)


def test_configurations_of_both_servers_name_their_logs_and_formats() -> None:
    """log_format over several strings and comments; LogFormat with escaped quotes; what is switched off is left out."""
    nginx = """http { log_format main '$remote_addr [$time_local] "$request" ' # comment
      '$status $request_time'; access_log /var/log/a.log main buffer=32k;
      server { access_log off; } server { access_log "/b c.log"; } }"""
    assert [(log.path, log.format_name) for log in nginx_logs(nginx)] == [
        ("/var/log/a.log", "main"),
        ("/b c.log", "combined"),
    ]
    apache = (
        'LogFormat "%h %l %u %t \\"%r\\" %>s %b %D" timed\nCustomLog /var/log/x.log timed\nCustomLog "|pipe" timed\n'
    )
    (log,) = apache_logs(apache)
    assert apache_format(log.format_text).duration_unit == "us"


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    """A misspelt name must not be read as some other format."""
    with pytest.raises(ValueError, match="nginx-timed"):
        format_of("combnied")
    assert recognise(["Nov 10 kernel: hello"] * 20) is None
    json_format = nginx_format('{"t":"$time_iso8601","s":$status,"rt":$request_time,"u":"$request_uri"}')
    assert isinstance(json_format, JsonLines) and dict(json_format.paths)["duration"] == '$."rt"'
