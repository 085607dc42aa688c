"""Availability of journeys by the requests of real users: from the routes of a log, and from a real Prometheus."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Finding, Pass, Report, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Missing
from infra_maintainer.logs.nginx import TIMED
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.load import ConfigError, parse_system
from infra_maintainer.world.clock import FrozenClock
from infra_maintainer.world.world import LiveWorld
from tests.logs.logbook import Hit, write
from tests.requirements_link import requirement
from tests.services.prometheus import openmetrics, prometheus, samples

FORMAT = TIMED + " $upstream_status $upstream_addr"
SOON = datetime(2026, 11, 10, 10, 4, tzinfo=UTC)  # minutes after the last hit of the log
SOURCES = ("access_log", "availability", "prometheus")
SHARE = "availability.requests"


def journeys(*routes: str, more: str = "") -> str:
    """A service with one journey of these routes."""
    return (
        f'[[service]]\nname = "shop"\n[[service.journey]]\nname = "buy"\nroutes = {list(routes)}\n{more}'
        '[[service.journey.step]]\nurl = "http://127.0.0.1:1/"\n'
    ).replace("'", '"')


def log(path: Path, hits: list[Hit], name: str = "front") -> str:
    """A declared log of these hits."""
    file = write(path / f"{name}.log", hits)
    return f"[[access_log]]\nname = \"{name}\"\npath = \"{file}\"\nformat = '''{FORMAT}'''\n"


def look(text: str, at: datetime = SOON) -> list[AnyEvidence]:
    """What the sources say of a declared system at a moment."""
    world = LiveWorld(30)
    world.clock = FrozenClock(at)
    return gather(tuple(each for each in all_sources() if each.name in SOURCES), Survey(world, parse_system(text)))


def judged(evidence: list[AnyEvidence]) -> Report:
    """The health report over it."""
    return assess(evidence, Policy(), "health", SOON, users_first=True)


def told(report: Report, code: str = "journey_availability") -> list[Finding | Pass | Unknown]:
    """What is said under that code; each sentence cites evidence of the report."""
    every: list[Finding | Pass | Unknown] = [*report.findings, *report.passes, *report.unknowns]
    found = [each for each in every if each.code == code]
    assert all(each.evidence and set(each.evidence) <= {one.id for one in report.evidence} for each in found)
    return found


def known(evidence: list[AnyEvidence]) -> dict[str, float]:
    """The numbers about the journey's requests."""
    return {
        each.quantity: float(each.value)
        for each in evidence
        if isinstance(each, Measured) and each.quantity.startswith(SHARE) and each.quantity != f"{SHARE}.unseen"
    }


def visits(count: int, failed: int, path: str = "/pay/{n}") -> list[Hit]:
    """Payments, one in a minute, of which some fail."""
    return [
        Hit(path.format(n=n), 500 if n < failed else 200, minute=n % 600, method="POST", tries=(("10.1.0.1:80", 200),))
        for n in range(count)
    ]


CARTS = [Hit("/cart", minute=n % 600) for n in range(1000)]


@requirement("monitoring.sla", "monitoring.feature_up")
def test_a_journey_is_as_available_as_its_requests_were_answered(tmp_path: Path) -> None:
    """Eight of two thousand requests of its two routes failed: 99.6 %, four times the budget; others do not count."""
    others = [Hit("/other", 500, minute=n % 600) for n in range(300)]
    text = journeys("GET /cart", "POST /pay/:id") + log(tmp_path, [*CARTS, *visits(1000, 8), *others])
    evidence = look(text)
    numbers = known(evidence)
    assert numbers[SHARE] == 99.6 and numbers[f"{SHARE}.failed"] == 8
    assert numbers[f"{SHARE}.budget_spent"] == pytest.approx(400)
    (share,) = [each for each in evidence if isinstance(each, Measured) and each.quantity == SHARE]
    assert (share.n, share.window, share.subject) == (2000, 599 * 60, "journey:shop/buy")
    assert "access log front" in share.source and "to 2026-11-10 09:59Z" in share.source
    (found,) = told(judged(evidence))
    assert isinstance(found, Finding) and found.severity == "high"
    assert found.says.startswith("the journey shop/buy: 99.6 % of 2,000 requests over 9.98 h answered, 400 % of the")
    (budget,) = [each for each in told(judged(evidence), "budget_availability") if isinstance(each, Finding)]
    assert "99.6 % (shop/buy, 2,000 requests of real users over 9.98 h)" in budget.says


def test_a_journey_that_works_passes_and_needs_no_samples_over_time(tmp_path: Path) -> None:
    """The benign twin; one failure in two thousand is within the budget, and nothing is unknown about it."""
    report = judged(look(journeys("/cart", "POST /pay/:id") + log(tmp_path, [*CARTS, *visits(1000, 1)])))
    (found,) = told(report)
    assert isinstance(found, Pass) and "99.95 % of 2,000 requests" in found.says
    assert not told(report, "availability_missed")


def test_without_any_request_it_is_unknown_and_never_all_of_it(tmp_path: Path) -> None:
    """Nobody came, only scanners did, or the log is of last year: each is no number at all."""
    stray = [Hit("/absent", 404, minute=n) for n in range(50)]
    text = journeys("GET /absent") + log(tmp_path, [*CARTS, *stray])
    (nobody,) = told(judged(look(text)))
    assert isinstance(nobody, Unknown) and "no user asked for GET /absent" in nobody.detail
    old = journeys("GET /cart") + log(tmp_path, CARTS)
    evidence = look(old, SOON + timedelta(days=40))
    (late,) = told(judged(evidence))
    assert isinstance(late, Unknown) and "ends to 2026-11-10 09:59Z, before the window of 30 days" in late.detail
    assert known(evidence) == {}


def test_one_failure_of_few_requests_is_too_little_to_tell(tmp_path: Path) -> None:
    """Of 200 requests the target allows a fifth of a failure: neither kept nor broken, in both places."""
    report = judged(look(journeys("POST /pay/:id") + log(tmp_path, visits(200, 1))))
    (found,) = told(report)
    assert isinstance(found, Unknown) and "99.5 % of 200 requests" in found.says
    assert [type(each) for each in told(report, "budget_availability") if "shop/buy" in each.says] == [Unknown]
    broken = judged(look(journeys("POST /pay/:id") + log(tmp_path, visits(200, 3))))
    assert [type(each) for each in told(broken)] == [Finding]


def test_what_a_log_cannot_tell_is_told(tmp_path: Path) -> None:
    """Three hours without a line, and a declared route that nobody asked for."""
    gap = [hit for hit in CARTS if not 120 <= hit.minute < 300]
    text = journeys("GET /cart", "GET /wishes") + log(tmp_path, gap)
    (found,) = told(judged(look(text)))
    assert isinstance(found, Pass) and "no request at all for up to 3.03 h: quiet or down" in found.says
    assert "nobody asked for GET /wishes" in found.says
    (later,) = told(judged(look(text, SOON + timedelta(hours=5))))
    assert "no request at all for the last 5.08 h: quiet or down" in later.says


def test_an_answer_beyond_the_limit_of_its_journey_counts_as_none(tmp_path: Path) -> None:
    """Twelve of a thousand took 700 ms under a limit of 500; without times in the log nobody knows, which is said."""
    slow = [hit._replace(ms=700) if number % 84 == 0 else hit for number, hit in enumerate(CARTS)]
    text = journeys("GET /cart", more="limit_ms = 500\n")
    evidence = look(text + log(tmp_path, slow))
    assert known(evidence)[f"{SHARE}.late"] == 12 and known(evidence)[SHARE] == 98.8
    (found,) = told(judged(evidence))
    assert isinstance(found, Finding) and "98.8 % of 1,000 requests over 9.98 h answered within 500 ms" in found.says
    assert "12 of them well but too late" in found.says
    assert known(look(text.replace("500", "700") + log(tmp_path, slow)))[SHARE] == 100
    (tmp_path / "bare.log").write_text("".join(hit.line().rsplit('"', 1)[0] + '"\n' for hit in slow))
    (bare,) = told(judged(look(f'{text}[[access_log]]\nname = "bare"\npath = "{tmp_path}/bare.log"\n')))
    assert isinstance(bare, Pass) and "answered (whether within 500 ms is not known)" in bare.says


@requirement("antipatterns.planned_downtime")
def test_failures_in_announced_downtime_count_and_are_shown_apart(tmp_path: Path) -> None:
    """Fifty of a thousand payments failed, thirty of them in the announced half hour."""
    planned = (
        '[[planned_downtime]]\nservice = "shop"\nfrom = 2026-11-10T00:20:00+00:00\nto = 2026-11-10T01:00:00+00:00\n'
        'why = "new database"\n'
    )
    text = journeys("POST /pay/:id") + log(tmp_path, visits(600, 50))
    (with_plan,), (without,) = told(judged(look(planned + text))), told(judged(look(text)))
    assert isinstance(with_plan, Finding) and "91.7 % of 600 requests" in with_plan.says
    assert "30 failures of its log fell into announced downtime, which counts" in with_plan.says
    assert "91.7 % of 600 requests" in without.says and "announced" not in without.says


def test_two_logs_are_told_apart_and_counted_by_names_one(tmp_path: Path) -> None:
    """A balancer and the server behind it log the same requests: adding them up would count each twice."""
    logs = log(tmp_path, CARTS) + log(tmp_path, CARTS[:500], "back")
    both = look(journeys("GET /cart") + logs)
    assert sorted(each.n or 0 for each in both if isinstance(each, Measured) and each.quantity == SHARE) == [500, 1000]
    assert len(told(judged(both))) == 2
    one = look(journeys("GET /cart", more='counted_by = "back"\n') + logs)
    assert [each.n for each in one if isinstance(each, Measured) and each.quantity == SHARE] == [500]
    wrong = look(journeys("GET /cart", more='counted_by = "bakc"\n') + logs)
    assert [each.why for each in wrong if isinstance(each, Missing) and each.quantity == SHARE] == ["not_configured"]
    with pytest.raises(ConfigError, match="need routes"):
        parse_system(journeys(more='counted_by = "back"\n'))


def test_a_log_that_cannot_be_read_leaves_the_others_and_its_journeys_unknown(tmp_path: Path) -> None:
    """One wrong path hides neither the other log nor the journey."""
    broken = '[[access_log]]\nname = "none"\npath = "/nowhere/at/all"\n'
    evidence = look(journeys("GET /cart", more='counted_by = "none"\n') + broken + log(tmp_path, CARTS))
    assert [each.why for each in evidence if isinstance(each, Missing) and each.quantity == SHARE] == ["no_data"]
    assert [each.value for each in evidence if isinstance(each, Measured) and each.subject == "traffic:front"]


def test_a_rare_route_is_found_among_hundreds(tmp_path: Path) -> None:
    """Two hundred routes are told apart by users' time; a declared one is beside them whatever its time."""
    words = [f"{a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"]
    crowd = [Hit(f"/{word}", ms=900, minute=n) for n, word in enumerate(words * 2)]
    (found,) = told(judged(look(journeys("GET /rare") + log(tmp_path, [*crowd, Hit("/rare", ms=1)]))))
    assert isinstance(found, Pass) and "100 % of 1 request over" in found.says


@requirement("monitoring.sla")
def test_prometheus_counts_a_journey_by_one_query_and_agrees_with_promtool(tmp_path: Path) -> None:
    """Ten days of two routes, a gap of two days in them; a route of another name does not count."""
    end = time.time() // 60 * 60
    times = [each for n in range(10 * 288, -1, -1) if not 3 * 86400 < end - (each := end - 300 * n) < 5 * 86400]
    rates = {("/cart", "200"): 5, ("/pay/x.y", "200"): 2, ("/pay/x.y", "500"): 0.01, ("/other", "500"): 9}
    lines = "".join(
        samples("http_requests_total", {"route": route, "code": code}, [(at, rate * (at - times[0])) for at in times])
        for (route, code), rate in rates.items()
    )
    born = [(at, 1.0 if at < end - 3600 else 3.0) for at in times if at > end - 7200]
    lines += samples("http_requests_total", {"route": "/cart", "code": "503"}, born)
    up = samples("up", {"job": "web", "instance": "a"}, [(at, 1.0) for at in times])
    with prometheus(openmetrics(("http_requests", "counter", lines), ("up", "gauge", up))) as server:
        text = journeys("/cart", "/pay/x.y") + f'[[prometheus]]\nname = "main"\nurl = "{server.url}"\n'
        now = datetime.fromtimestamp(end, UTC)
        evidence = look(text, now)
        only = 'route=~"/cart|/pay/x\\\\.y"'
        asked, failed = (
            float(
                server.promtool(f"sum(increase(http_requests_total{{{each}}}[30d]))", end).split("=>")[1].split("@")[0]
            )
            for each in (only, f'{only}, code=~"5.."')
        )
        nothing = look(text.replace("/pay/x.y", "/pay/xzy").replace("/cart", "/crat"), now)
    (share,) = [each for each in evidence if isinstance(each, Measured) and each.quantity == SHARE]
    # `increase` does not see the failure with which the series of 503 was born; we count it.
    assert share.n == round(asked) and known(evidence)[f"{SHARE}.failed"] == round(failed + 1)
    assert float(share.value) == pytest.approx(100 - 100 * (failed + 1) / asked, abs=0.0005)
    assert share.window == pytest.approx(8 * 86400, rel=0.02)  # of thirty days eight have samples
    queries = [
        float(each.value) for each in evidence if isinstance(each, Measured) and each.quantity == "metrics.queries"
    ]
    assert queries[0] <= 30
    assert [each.why for each in nothing if isinstance(each, Missing) and each.quantity == SHARE] == ["no_data"]
