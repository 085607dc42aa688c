"""Which time a log covers and when in it users' requests failed, from real log files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Report
from infra_maintainer.evidence.model import Measured
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.system.access_log import AccessLog
from tests.logs.logbook import GOOGLE, Hit, write
from tests.sources.test_access_log import FORMAT, finding, judged, look, value

HOURS = range(600)  # minutes from 00:00 to 09:59


def hits_of(minutes: range, failing: dict[int, int], each: int = 20) -> list[Hit]:
    """So many requests of users in each minute, of which that many fail in the minutes named."""
    return [
        Hit("/cart", 500 if number < failing.get(at, 0) else 200, minute=at, client=f"10.0.0.{number}")
        for at in minutes
        for number in range(each)
    ]


def read(path: Path, hits: list[Hit]) -> tuple[list[AnyEvidence], Report]:
    """Evidence and report of a log of these hits."""
    evidence = look(AccessLog(name="shop", path=str(write(path / "access.log", hits)), format=FORMAT))
    return evidence, judged(evidence)


def failures(report: Report) -> Finding:
    """What is found of all traffic."""
    return finding(report, "traffic_errors", "traffic:shop")


def told(evidence: list[AnyEvidence]) -> dict[str, tuple[object, int | None]]:
    """Value and samples of what is said of time, of all traffic."""
    return {
        each.quantity: (each.value, each.n)
        for each in evidence
        if isinstance(each, Measured) and each.subject == "traffic:shop"
        if each.quantity.startswith(("log.covers", "traffic.failing."))
    }


def test_an_outage_in_the_middle_is_told_with_its_minutes_and_its_numbers(tmp_path: Path) -> None:
    """Half of the users fail for 28 minutes, one now and then; failures of programs and static files are not theirs."""
    failing = {at: 1 for at in HOURS if at % 60 == 0} | dict.fromkeys(range(305, 333), 10)
    hits = hits_of(HOURS, failing)
    hits += [Hit("/shop.js", 500, minute=at) for at in HOURS for _ in range(3)]
    hits += [Hit("/cart", 500, minute=at, agent=GOOGLE) for at in HOURS for _ in range(3)]
    evidence, report = read(tmp_path, hits)
    found = failures(report)
    assert "all traffic of shop, 2026-11-10 00:00 to 09:59 UTC: 2.42 % of 12,000 requests failed" in found.says
    assert "; 280 of the 290 failures within 28 min, 05:05 to 05:32 UTC, among 560 of the 12,000 requests" in found.says
    assert told(evidence) == {
        "log.covers": ("2026-11-10 00:00 to 09:59 UTC", None),
        "traffic.failing.when": ("2026-11-10 05:05 to 05:32 UTC", None),
        "traffic.failing.failed": (280, 290),
        "traffic.failing.requests": (560, 12_000),
    }
    whole = [each for each in evidence if each.subject == "traffic:shop"]
    ids = {each.id for each in whole if each.quantity in told(evidence)}
    assert ids <= set(found.evidence) and len(ids) == 4


def test_each_broken_route_is_told_with_its_own_time(tmp_path: Path) -> None:
    """One breaks in the evening, one fails all day; the two together are no stretch, and the sound one is not named."""
    hits = hits_of(HOURS, {}) + [Hit("/pay", 500, minute=at) for at in range(500, 530) for _ in range(2)]
    hits += [Hit("/pay", minute=at) for at in HOURS[::2]]
    hits += [Hit("/find", 500 if at % 2 else 200, minute=at, client="10.0.0.9") for at in HOURS for _ in range(2)]
    path = write(tmp_path / "access.log", hits)
    path.write_text(path.read_text().replace("HTTP/1.1", "HTTP/2.0"))
    evidence = look(AccessLog(name="shop", path=str(path), format=FORMAT))
    says = {each.subject: each.says for each in judged(evidence).findings if each.code == "traffic_errors"}
    assert "; all 60 failures within 30 min, 08:20 to 08:49 UTC" in says["route:shop:GET /pay"]
    assert "among" not in says["route:shop:GET /pay"] and "within" not in says["traffic:shop"]
    assert "; spread: even the densest four fifths of them took 7.98 h" in says["route:shop:GET /find"]
    assert {each.subject for each in evidence if each.quantity.startswith("traffic.failing.")} == {*says}


def test_failures_spread_evenly_are_called_spread_and_no_stretch_is_told(tmp_path: Path) -> None:
    """One of twenty in every minute: any stretch would be an accident. 480 of 600 minutes hold 480 of 600."""
    evidence, report = read(tmp_path, hits_of(HOURS, dict.fromkeys(HOURS, 1)))
    assert "; spread: even the densest four fifths of them took 8 h" in failures(report).says
    assert set(told(evidence)) == {"log.covers", "traffic.failing.spread"}
    assert value(evidence, "traffic.failing.spread", "traffic:shop") == 480 * 60


def test_an_outage_at_the_end_of_a_log_of_days_tells_dates_and_that_the_log_ends_there(tmp_path: Path) -> None:
    """Over midnight both minutes have their date; whether it goes on, the log cannot say."""
    days = range(600, 600 + 2880)
    evidence, report = read(tmp_path, hits_of(days, dict.fromkeys(range(days.stop - 700, days.stop), 3), 4))
    says = failures(report).says
    assert says.startswith("all traffic of shop, 2026-11-10 10:00 to 2026-11-12 09:59 UTC: ")
    assert "within 11.7 h, 2026-11-11 22:20 to 2026-11-12 09:59 UTC, the end of the log, among 2,800 of" in says
    assert value(evidence, "traffic.failing.failed", "traffic:shop") == 2100


def test_a_log_of_a_few_minutes_is_called_neither(tmp_path: Path) -> None:
    """Four minutes that all fail alike are too few to call it spread; the time that they cover is told."""
    evidence, report = read(tmp_path, hits_of(range(4), dict.fromkeys(range(4), 10)))
    assert told(evidence) == {"log.covers": ("2026-11-10 00:00 to 00:03 UTC", None)}
    assert "; spread" not in (says := failures(report).says) and "within" not in says


def test_a_log_of_one_minute_covers_one_minute(tmp_path: Path) -> None:
    """No span from a minute to itself, and no stretch that is the whole log."""
    evidence, _ = read(tmp_path, hits_of(range(7, 8), {7: 20}, 40))
    assert told(evidence) == {"log.covers": ("2026-11-10 00:07 UTC", None)}


def test_a_healthy_log_says_which_time_it_covers(tmp_path: Path) -> None:
    """A pass is of some time as much as a finding."""
    _, report = read(tmp_path, hits_of(HOURS, {}))
    said = {each.code: each.says for each in report.passes if each.subject == "traffic:shop"}
    assert said["traffic_errors"].startswith("all traffic of shop, 2026-11-10 00:00 to 09:59 UTC: 0 % of 12,000")
    assert "; requests of users from 2026-11-10 00:00 to 09:59 UTC" in said["log_refused"]


@pytest.mark.parametrize(
    ("zone", "of_log"), [(None, "by the log's own clock"), ("America/New_York", "America/New_York")]
)
def test_times_without_a_zone_are_told_as_the_log_shows_them(tmp_path: Path, zone: str | None, of_log: str) -> None:
    """Neither moved, nor called UTC when nobody said so."""
    begin = datetime(2026, 11, 10, 1, tzinfo=UTC)
    line = '{{"time":"{:%Y-%m-%dT%H:%M:%S}","status":{},"method":"GET","uri":"/cart","request_time":0.012}}\n'
    path = tmp_path / "access.log"
    path.write_text(
        "".join(
            line.format(begin + timedelta(minutes=at), 500 if 60 <= at < 75 and each < 5 else 200)
            for at in range(300)
            for each in range(10)
        )
    )
    evidence = look(AccessLog(name="shop", path=str(path), timezone=zone))
    assert told(evidence)["log.covers"][0] == f"2026-11-10 01:00 to 05:59 {of_log}"
    assert told(evidence)["traffic.failing.when"][0] == f"2026-11-10 02:00 to 02:14 {of_log}"


def test_a_budget_burns_by_the_requests_of_users_alone(tmp_path: Path) -> None:
    """Twenty pictures beside each twenty carts would halve the rate."""
    pictures = [Hit("/cart.png", minute=at) for at in HOURS for _ in range(20)]
    evidence, _ = read(tmp_path, hits_of(HOURS, dict.fromkeys(HOURS, 1)) + pictures)
    assert value(evidence, "traffic.burn.fast", "traffic:shop") == pytest.approx(50)
