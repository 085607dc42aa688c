"""The endpoint source and its checks against real servers on loopback, good and bad."""

import itertools
import json
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Declared, Measured, Missing, Stat
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.endpoint import Endpoint
from infra_maintainer.system.load import parse_system
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.run import run_job
from infra_maintainer.world.recorded import RecordedWorld
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services import web
from tests.worlds import NOW

USER_SIDE = tuple(each for each in all_sources() if each.name in ("endpoint", "journey"))


def look(system: System, time_limit_s: float = 15.0) -> tuple[list[Measured], list[Missing]]:
    """What the two user-side sources say of a system."""
    evidence = gather(USER_SIDE, Survey(LiveWorld(time_limit_s), system))
    return [e for e in evidence if isinstance(e, Measured)], [e for e in evidence if isinstance(e, Missing)]


def health(system: System, time_limit_s: float = 20.0) -> Report:
    """The whole health job of a system."""
    kit = Kit(system, None)
    return run_job("health", kit, kit.world(time_limit_s), system=system, users_first=True)


def value(known: list[Measured], quantity: str, stat: str | None = None) -> float:
    """The one value of a quantity."""
    (found,) = [e for e in known if e.quantity == quantity and (stat is None or e.stat == stat)]
    assert isinstance(found.value, int | float)
    return float(found.value)


def endpoint(url: str, samples: int = 5, window_s: float = 0.2, timeout_s: float = 0.5) -> System:
    """A system with one address."""
    return System(endpoint=[Endpoint(url=url, samples=samples, window_s=window_s, timeout_s=timeout_s)])


@requirement("performance.no_mean_only", "performance.real_users")
def test_an_address_with_a_good_mean_and_a_bad_tail_is_reported_by_its_tail() -> None:
    """Mean around 30 ms, P99 of 3 s: a report led by the mean would call it fast."""
    count = itertools.count()

    def mostly_fast(handler: BaseHTTPRequestHandler) -> None:
        if next(count) % 90 == 45:
            time.sleep(3)
        web.page(handler)

    with web.web(mostly_fast) as url:
        report = health(endpoint(url + "/", samples=180, window_s=3.0, timeout_s=8.0))
    known = [e for e in report.evidence if isinstance(e, Measured)]
    assert value(known, "endpoint.latency", "mean") < 100
    assert 2900 < value(known, "endpoint.latency", "p99") < 3500
    assert value(known, "endpoint.latency", "p50") < 50
    (finding,) = [f for f in report.findings if f.code == "endpoint_slow"]
    assert finding.says.split(": ", 1)[1].startswith("P99 3")
    assert "mean" not in finding.says and "synthetic" in finding.says and "n=180" in finding.says
    assert report.verdict != "healthy"


def test_few_samples_flag_their_percentiles() -> None:
    """A P99 of five requests is one request's whim and must say so."""
    with web.web(web.page) as url:
        known, _ = look(endpoint(url + "/"))
    p99 = next(e for e in known if e.quantity == "endpoint.latency" and e.stat == "p99")
    assert (p99.n, p99.flag) == (5, "few_samples")


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (web.hang, "timeout"),
        (web.reset, "reset"),
        (web.redirect_loop, "redirects"),
        (web.drip_headers, "timeout"),
        (web.drip_body, "timeout"),
        (web.endless, "too_large"),
        (web.garbage, "protocol"),
    ],
)
@requirement("performance.complete_errors")
def test_a_bad_server_is_named_by_its_kind_within_the_time_limit(bad: web.Answer, kind: str) -> None:
    """Each fails in its own way; none may hang the probe, pass, or have a latency invented for it."""
    begin = time.monotonic()
    with web.web(bad) as url:
        known, missing = look(endpoint(url + "/", samples=3))
    assert time.monotonic() - begin < 10
    assert value(known, "endpoint.errors") == 100
    assert value(known, f"endpoint.errors.{kind}") == 3
    assert not [e for e in known if e.quantity == "endpoint.latency"]
    assert [(m.quantity, m.why) for m in missing if m.quantity == "endpoint.latency"] == [
        ("endpoint.latency", "unreachable")
    ]


def test_a_time_out_is_told_with_the_time_that_was_given_and_who_gave_it() -> None:
    """The declared limit, or the default that holds until somebody declares one; and from where it was asked."""
    with web.web(web.hang) as url:
        report = health(endpoint(url + "/", samples=2))
        undeclared = System(endpoint=[Endpoint(url=url + "/", samples=1)])
        default = gather(USER_SIDE, Survey(LiveWorld(15.0), undeclared))
    (found,) = [each for each in report.findings if each.code == "endpoint_failing"]
    assert (
        "requests failed: 2 x no complete answer within 500 ms (synthetic: GET, from the machine itself" in found.says
    )
    limits = [each for each in report.evidence if each.quantity == "endpoint.time_limit"]
    assert [(each.source, each.id in found.evidence) for each in limits] == [("infra.toml", True)]
    told = [(each.value, each.source) for each in default if isinstance(each, Declared)]
    assert told == [(5.0, "default of [[endpoint]] timeout_s")]


def test_a_probe_says_that_it_asked_from_one_place() -> None:
    """Both lines of an address and that of a journey name the method and the machine that asked."""
    latency: dict[Stat, float] = {"p50": 20.0, "p95": 30.0, "p99": 40.0}
    rows: list[tuple[str, str, Stat, float, str, str]] = [
        ("endpoint:https://a.example/", "endpoint.errors", "ratio", 0.0, "%", "GET https://a.example/"),
        ("journey:shop/buy", "journey.ok", "ratio", 100.0, "%", "journey of 2 steps"),
        *(
            ("endpoint:https://a.example/", "endpoint.latency", stat, ms, "ms", "GET https://a.example/")
            for stat, ms in latency.items()
        ),
    ]
    facts = [
        Measured(
            subject=subject, quantity=quantity, stat=stat, value=number, unit=unit, n=100, as_of=NOW,
            source=f"{what} (synthetic, from web-9)",
        )
        for subject, quantity, stat, number, unit, what in rows
    ]  # fmt: skip
    said = {each.code: each.says for each in assess([*facts], Policy(), "health", NOW, users_first=True).passes}
    assert "(synthetic: GET, one place, from web-9)" in said["endpoint_failing"]
    assert "; synthetic: GET, one place, from web-9)" in said["endpoint_slow"]
    assert "(synthetic: one place, from web-9)" in said["journey_failing"]


def test_nobody_listening_is_a_critical_finding() -> None:
    """A closed port is an outage for users, not an unknown."""
    report = health(endpoint("http://127.0.0.1:1/"))
    assert report.verdict == "critical"
    (found,) = [f for f in report.findings if f.code == "endpoint_failing"]
    assert "connection refused" in found.says
    assert found.do == "Nothing listens on port 1 of 127.0.0.1: start it, or correct the address.", "no log to read"


def test_the_place_where_nothing_listens_is_the_one_that_was_asked_last() -> None:
    """The address answers and sends users on to a closed port: that port is the one to look at."""

    def away(handler: BaseHTTPRequestHandler) -> None:
        web.page(handler, 302, "", Location="http://127.0.0.1:1/")

    with web.web(away) as url:
        report = health(endpoint(url + "/"))
    (found,) = [f for f in report.findings if f.code == "endpoint_failing"]
    assert found.do.startswith("Nothing listens on port 1 of 127.0.0.1:")


def test_a_server_that_closes_without_an_answer_has_a_log_to_read() -> None:
    """Something listens there: the advice stays."""

    def gone(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    with web.web(gone) as url:
        report = health(endpoint(url + "/"))
    (found,) = [f for f in report.findings if f.code == "endpoint_failing"]
    assert "read the service's log" in found.do


def test_a_journey_to_a_closed_port_says_that_nothing_listens() -> None:
    """The failing step names the port, and there is no log to follow it through."""
    report = health(parse_system(JOURNEY.format(url="http://127.0.0.1:1")))
    (found,) = [f for f in report.findings if f.code == "journey_failing"]
    assert "nothing listens on port 1 of 127.0.0.1" in found.says and found.do.startswith("Start what should listen")


def test_the_time_limit_ends_a_probe_and_what_was_measured_stays() -> None:
    """Cut off in the middle of a long schedule, the requests made so far are still evidence."""
    with web.web(web.page) as url:
        begin = time.monotonic()
        known, _ = look(endpoint(url + "/", samples=1000, window_s=60), time_limit_s=2.0)
    assert time.monotonic() - begin < 5
    errors = next(e for e in known if e.quantity == "endpoint.errors")
    assert errors.n is not None and 5 < errors.n < 200
    assert errors.window is not None and errors.window < 3  # what was covered, not what was planned


def test_redirects_are_counted_and_followed() -> None:
    """Two hops to the page: the count is 2, and the page counts as an answer."""

    def hops(handler: BaseHTTPRequestHandler) -> None:
        following = {"/": "/a", "/a": "/b"}.get(handler.path)
        web.page(handler, 302, "", Location=following) if following else web.page(handler)

    with web.web(hops) as url:
        known, _ = look(endpoint(url + "/"))
    assert value(known, "endpoint.redirects") == 2
    assert value(known, "endpoint.errors") == 0


def test_metadata_and_link_local_addresses_are_refused_and_the_reason_is_told() -> None:
    """Refused by our own guard: that is Missing, not an outage of the address, and no request goes out."""
    known, missing = look(endpoint("http://169.254.169.254/latest/meta-data/"))
    assert not known
    reasons = {(m.quantity, m.why): m.detail for m in missing}
    assert "metadata" in reasons["endpoint.errors", "denied"]


def test_a_redirect_to_a_metadata_address_is_refused() -> None:
    """The first address is allowed; where it sends us is not."""

    def away(handler: BaseHTTPRequestHandler) -> None:
        web.page(handler, 302, "", Location="http://169.254.169.254/")

    with web.web(away) as url:
        known, missing = look(endpoint(url + "/"))
    assert not [e for e in known if e.quantity == "endpoint.latency"]
    assert any(m.why == "denied" and "169.254.169.254" in m.detail for m in missing)


JOURNEY = """
[[endpoint]]
url = "{url}/health"
samples = 5
window_s = 0.2

[[service]]
name = "shop"
[[service.journey]]
name = "checkout"
[[service.journey.step]]
url = "{url}/cart"
expect_text = "Your cart"
[[service.journey.step]]
url = "{url}/pay"
reject_text = "try again later"
"""


def shop(pay: str) -> web.Answer:
    """A shop whose health path is always green."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        web.page(handler, text={"/cart": "Your cart: 3 things", "/pay": pay}.get(handler.path, "ok"))

    return answer


@requirement("monitoring.feature_up", "monitoring.health_checks", "antipatterns.gamed_uptime")
def test_a_green_health_path_does_not_hide_a_failing_journey() -> None:
    """200 on /health, 200 with an error page where users pay: down for users, and the step is named."""
    with web.web(shop("Sorry, try again later")) as url:
        report = health(parse_system(JOURNEY.format(url=url)))
    assert report.verdict == "critical"
    (finding,) = [f for f in report.findings if f.code == "journey_failing"]
    assert "step 2 of 2" in finding.says and "/pay" in finding.says


def test_a_working_journey_passes() -> None:
    """The benign twin: the same shop, paying works, nothing is found."""
    with web.web(shop("Thank you")) as url:
        report = health(parse_system(JOURNEY.format(url=url)))
    assert not [f for f in report.findings if f.code in ("journey_failing", "endpoint_failing", "endpoint_slow")]
    assert any(p.code == "journey_failing" for p in report.passes)


def test_an_address_that_the_recording_lacks_is_not_recorded(tmp_path: Path) -> None:
    """The world's own reason reaches the evidence: a gap in a recording is nothing about the address."""
    about = {"format": 1, "recorded_at": "2026-11-20T09:30:00+00:00", "host": "web-1"}
    (tmp_path / "world.json").write_text(json.dumps(about), encoding="utf-8")
    (tmp_path / "calls.jsonl").write_text("", encoding="utf-8")
    evidence = gather(USER_SIDE, Survey(RecordedWorld(tmp_path), endpoint("http://shop.example/")))
    gaps = [each for each in evidence if each.quantity.startswith("endpoint.")]
    assert gaps and all(isinstance(each, Missing) and each.why == "not_recorded" for each in gaps)
