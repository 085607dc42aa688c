"""Logs of JSON objects tell programs from users where they name user agents, and nothing else of their headers."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.logs.cells import JsonBlocks
from infra_maintainer.logs.engine import LogEngine
from infra_maintainer.logs.json_lines import JsonLines, recognise_json
from infra_maintainer.logs.known import recognise
from infra_maintainer.logs.summary import LogSummary, summarise
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld
from tests.logs.logbook import BROWSER, GOOGLE

Line = dict[str, Any]
# As Caddy 2.11.7 wrote it, which knows some of the headers for secrets.
CADDY = (
    '{"level":"info","ts":1796034782.3291247,"logger":"http.log.access.log0","msg":"handled request","request":'
    '{"remote_ip":"127.0.0.1","remote_port":"46040","client_ip":"203.0.113.7","proto":"HTTP/1.1","method":"GET",'
    '"host":"127.0.0.1:18473","uri":"/cart?x=1","headers":{"X-Api-Key":["k-123456"],"User-Agent":["Mozilla/5.0 (X11; '
    'Linux x86_64) Chrome/126.0"],"Accept":["*/*"],"X-Forwarded-For":["203.0.113.7"],"Authorization":["REDACTED"],'
    '"Cookie":["REDACTED"]}},"bytes_read":0,"user_id":"","duration":0.001072399,"size":3,"status":200,"resp_headers":'
    '{"Content-Type":[],"Last-Modified":["Mon, 30 Nov 2026 10:33:00 GMT"],"Accept-Ranges":["bytes"],"Content-Length":'
    '["3"],"Server":["Caddy"],"Vary":["Accept-Encoding"],"Etag":["\\"dn8h6zuledk4-3\\""]}}'
)
# The fields that Traefik's documentation lists, written by its logger in the order of their names, with headers kept.
TRAEFIK = (
    '{"ClientAddr":"10.0.0.2:39496","ClientHost":"203.0.113.7","ClientPort":"39496","ClientUsername":"-",'
    '"DownstreamContentSize":357,"DownstreamStatus":200,"Duration":357313,"OriginContentSize":357,"OriginDuration":324669,'
    '"OriginStatus":200,"Overhead":32644,"RequestAddr":"shop.example","RequestContentSize":0,"RequestCount":190,'
    '"RequestHost":"shop.example","RequestMethod":"GET","RequestPath":"/cart?x=1","RequestPort":"-","RequestProtocol":'
    '"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,"RouterName":"shop@docker","ServiceAddr":"172.17.0.3:80",'
    '"ServiceName":"shop@docker","ServiceURL":"http://172.17.0.3:80","StartLocal":"2026-11-10T14:02:43.587782192Z",'
    '"StartUTC":"2026-11-10T14:02:43.587782192Z","entryPointName":"http","level":"info","msg":"","origin_Content-Type":'
    '"text/plain; charset=utf-8","request_Authorization":"Bearer k-123456","request_User-Agent":"Mozilla/5.0 (X11)",'
    '"request_X-Forwarded-For":"203.0.113.7","time":"2026-11-10T14:02:43Z"}'
)
# The members that Envoy's documentation names in its example of json_format; what is absent is null.
ENVOY = (
    '{"start_time":"2026-11-10T14:02:43.587Z","method":"GET","path":"/cart?x=1","protocol":"HTTP/2","response_code":200,'
    '"response_flags":"-","bytes_received":0,"bytes_sent":154,"duration":226,"upstream_service_time":"100",'
    '"x_forwarded_for":"203.0.113.7","user_agent":"Mozilla/5.0 (X11)","request_id":"cc21d9b0","authority":"k-123456",'
    '"upstream_host":"10.0.2.1:80","downstream_remote_address":"10.0.0.2:4711"}'
)
GUESSED = (
    '{"time":"2026-11-10T00:00:00Z","status":200,"method":"GET","uri":"/cart","userAgent":"Mozilla/5.0",'
    '"key":"k-123456"}'
)


def in_caddy(line: Line, agent: str | None) -> None:
    """Each header is a list of its values; one that the client did not send is absent."""
    headers = line["request"]["headers"]
    headers.pop("User-Agent")
    headers |= {"User-Agent": [agent, "a second one"]} if agent is not None else {}


def in_member(name: str) -> Callable[[Line, str | None], None]:
    """A flat member that is absent where there is no header."""

    def change(line: Line, agent: str | None) -> None:
        line.pop(name)
        line |= {name: agent} if agent is not None else {}

    return change


FORMATS: dict[str, tuple[str, Callable[[Line, str | None], None]]] = {
    "Caddy JSON": (CADDY, in_caddy),
    "Traefik JSON": (TRAEFIK, in_member("request_User-Agent")),
    "Envoy JSON": (ENVOY, in_member("user_agent")),
    "JSON lines": (GUESSED, in_member("userAgent")),
}
ODD = '{"half a character, which DuckDB takes for no JSON":"\\ud800",'
SERVERS = pytest.mark.parametrize("name", FORMATS)


def lines(name: str, *agents: str | None) -> list[str]:
    """The same request by each of these."""
    sample, change = FORMATS[name]
    found: list[str] = []
    for agent in agents:
        line = json.loads(sample)
        change(line, agent)
        found.append(json.dumps(line, separators=(",", ":")))
    return found


def summary_of(folder: Path, log_format: JsonLines, written: list[str]) -> LogSummary:
    """What a file of these lines says."""
    (folder / "a.log").write_text("".join(f"{line}\n" for line in written))
    with LogEngine(log_format) as engine:
        engine.read([folder / "a.log"])
        return summarise(engine, ["a.log"], assumed=False)


def look(folder: Path, written: str) -> list[AnyEvidence]:
    """What the source says of a declared log whose format it has to recognise."""
    (folder / "a.log").write_text(written, encoding="latin-1")
    log = AccessLog.model_validate({"name": "edge", "path": str(folder / "a.log")})
    source = tuple(each for each in all_sources() if each.name == "access_log")
    return gather(source, Survey(LiveWorld(30), System(access_log=[log])))


def only(evidence: list[AnyEvidence], quantity: str) -> AnyEvidence:
    """The one record of the whole log."""
    (found,) = [each for each in evidence if each.quantity == quantity and each.subject == "traffic:edge"]
    return found


@SERVERS
def test_bots_and_probes_are_told_from_users_on_both_ways(tmp_path: Path, name: str) -> None:
    """The agent is found in a line as the server writes it, whether DuckDB cuts it out or Python does."""
    log_format = recognise_json(FORMATS[name][0])
    assert log_format is not None and log_format.name == name
    written = lines(name, *[BROWSER] * 5, *[GOOGLE] * 3, *["kube-probe/1.29"] * 2, None, "", 'odd "one" \\ é')
    odd = [line.replace("{", ODD, 1) for line in written]
    for way, left in ((written, 0), (odd, len(odd))):
        fast = JsonBlocks(log_format, 1, tmp_path).parse("".join(f"{line}\n" for line in way).encode())
        assert len(fast.others) == left
        summary = summary_of(tmp_path, log_format, way)
        assert summary.traffic == {"user": 8, "bot": 3, "health": 2}
        assert "agent" in summary.fields and summary.refused == {}
    parsed = [log_format.parse(line) or {} for line in (FORMATS[name][0], written[-1], written[10])]
    assert [each.get("agent", "")[:4] for each in parsed] == ["Mozi", "odd ", ""]


@SERVERS
@pytest.mark.parametrize("instead", [None, "REDACTED", "-"])
def test_a_log_that_names_no_agent_leaves_bots_unknown_not_0(tmp_path: Path, name: str, instead: str | None) -> None:
    """Traefik drops headers unless told otherwise, or redacts them; with one browser among them there are 0 bots."""
    silent = lines(name, *[instead] * 30)
    evidence = look(tmp_path, "\n".join(silent) + "\n")
    bots, form = only(evidence, "traffic.requests.bot"), only(evidence, "log.format")
    assert isinstance(bots, Missing) and "no user agent" in bots.detail and "Traefik" in (bots.how or "")
    assert isinstance(form, Measured) and "holds no user agents" in str(form.value)
    told = only(look(tmp_path, "\n".join(lines(name, BROWSER) + silent) + "\n"), "traffic.requests.bot")
    assert isinstance(told, Measured) and told.value == 0


@SERVERS
def test_no_other_header_is_kept_or_shown(tmp_path: Path, name: str) -> None:
    """Not of good lines, nor of refused ones: without a status, cut at both ends, torn, or with odd bytes."""
    line = FORMATS[name][0]
    status = next(each for each in ('"status":200', '"DownstreamStatus":200', '"response_code":200') if each in line)
    cut = line.index("k-123456") + len("k-123456")
    refused = [line.replace(status, '"status":null'), line[:cut], line[cut - 20 :], line[:cut] + line, f"{line}\0"]
    refused += [line[line.index('":') :], f'{{"a":"{line}']
    evidence = look(tmp_path, "\n".join([line] * 90 + refused) + "\n")
    lost = only(evidence, "log.lines.refused")
    assert isinstance(lost, Measured) and lost.value == len(refused) and '"…"' in str(lost.quote)
    report = assess(evidence, Policy(), "health", datetime.now(UTC), users_first=True)
    everything = report.model_dump_json() + "".join(each.model_dump_json() for each in evidence)
    log_format = recognise_json(line)
    assert log_format is not None
    with LogEngine(log_format) as engine:
        examples = engine.read([tmp_path / "a.log"]).examples
    assert {"binary", "json_line"} < examples.keys() and all('"…"' in each for each in examples["json_line"])
    everything += str(examples)
    assert "GET /cart" in everything
    assert not [each for each in ("k-123456", "123456", "Bearer", "203.0.113", "Mozilla") if each in everything]


def test_the_client_of_caddy_is_the_one_behind_trusted_proxies(tmp_path: Path) -> None:
    """`client_ip` since 2.7; older versions know only the other end of the connection, `remote_ip`."""
    behind = [CADDY.replace('"client_ip":"203.0.113.7"', f'"client_ip":"203.0.113.{n}"') for n in range(7)]
    older = [
        CADDY.replace('"client_ip":"203.0.113.7",', "").replace('"remote_ip":"127.0.0.1"', f'"remote_ip":"10.0.0.{n}"')
        for n in range(4)
    ]
    log_format = recognise_json(CADDY)
    assert log_format is not None
    for written, clients in ((behind, 7), (older, 4), (behind + older, 11), ([CADDY] * 3, 1)):
        odd = [line.replace("{", ODD, 1) for line in written]
        for way in (written, odd, written + odd):
            assert summary_of(tmp_path, log_format, way).clients == clients


# What Caddy 2.11.7 writes to standard error: at its start, of a request that an upstream refused, of the same again.
STARTS = '{"level":"info","ts":1796035823.9,"logger":"http","msg":"enabling HTTP/3 listener","addr":":443"}'
FAILED = (
    '{"level":"error","ts":1796035825.4488218,"logger":"http.log.error","msg":"dial tcp 127.0.0.1:9: connect: '
    'connection refused","request":{"remote_ip":"127.0.0.1","remote_port":"43914","client_ip":"127.0.0.1",'
    '"proto":"HTTP/1.1","method":"GET","host":"127.0.0.1:18474","uri":"/api/x","headers":{"User-Agent":["Mozilla"],'
    '"Accept":["*/*"]}},"duration":0.000287922,"status":502,"err_id":"xrrip4zx7","err_trace":"reverseproxy.statusError '
    '(reverseproxy.go:1695)"}'
)
ANSWERED = (
    '{"level":"error","ts":1796035825.4488559,"logger":"http.log.access","msg":"handled request","request":{'
    '"remote_ip":"127.0.0.1","remote_port":"43914","client_ip":"127.0.0.1","proto":"HTTP/1.1","method":"GET","host":'
    '"127.0.0.1:18474","uri":"/api/x","headers":{"User-Agent":["Mozilla"],"Accept":["*/*"]}},"bytes_read":0,"user_id":"",'
    '"duration":0.000287922,"size":0,"status":502,"resp_headers":{"Server":["Caddy"]}}'
)


def test_a_request_that_caddy_tells_twice_is_one_request(tmp_path: Path) -> None:
    """Standard error holds its error log beside its access log; lines of its start come before both."""
    written = [STARTS] * 20 + [FAILED, ANSWERED, ANSWERED.replace("502", "200")] * 10
    found = recognise(written)
    assert found is not None and (found.format.name, found.fits) == ("Caddy JSON", 20)
    assert isinstance(found.format, JsonLines)
    odd = [line.replace("{", ODD, 1) for line in written]
    for way in (written, odd):
        summary = summary_of(tmp_path, found.format, way)
        assert summary.users is not None and (summary.users.requests, summary.users.failed) == (20, 10)
        assert summary.refused == {"json_line": 30}


def test_a_traefik_that_logs_in_its_own_time_zone_is_read(tmp_path: Path) -> None:
    """Its documentation has StartUTC dropped for that: then StartLocal tells the time, with its zone."""
    line = TRAEFIK.replace('"StartUTC":"2026-11-10T14:02:43.587782192Z",', "").replace(
        '"StartLocal":"2026-11-10T14:02:43.587782192Z"', '"StartLocal":"2026-11-10T05:02:43.587782192-09:00"'
    )
    log_format = recognise_json(line)
    assert log_format is not None and log_format.name == "Traefik JSON"
    for way in ([line] * 3, [line.replace("{", ODD, 1)] * 3):
        first = summary_of(tmp_path, log_format, way).first_minute
        assert first is not None and first.isoformat() == "2026-11-10T14:02:00+00:00"


def test_the_client_of_traefik_is_the_first_of_the_addresses_that_it_trusts(tmp_path: Path) -> None:
    """ClientHost is the whole X-Forwarded-For where that came through trusted proxies, else one address."""
    chains = [TRAEFIK.replace('"ClientHost":"203.0.113.7', f'"ClientHost":"203.0.113.7, 10.0.0.{n}') for n in range(5)]
    other = TRAEFIK.replace('"ClientHost":"203.0.113.7', '"ClientHost":"203.0.113.8')
    log_format = recognise_json(TRAEFIK)
    assert log_format is not None
    assert summary_of(tmp_path, log_format, [*chains, TRAEFIK]).clients == 1
    assert summary_of(tmp_path, log_format, [*chains, TRAEFIK, other]).clients == 2
