"""How fast journeys burn their error budget: from the minutes of their routes in a log, and from a real Prometheus."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.evidence.model import Derived, Measured, Missing
from infra_maintainer.sources.registry import AnyEvidence
from tests.logs.logbook import Hit
from tests.requirements_link import requirement
from tests.services.prometheus import openmetrics, prometheus, samples
from tests.sources.test_journey_requests import FORMAT, SOON, journeys, judged, log, look, told

BURN, EMPTY = "availability.requests.burn", "availability.requests.empty"
END = 600  # the minute after the last one of the log
MONTH_S = 30 * 86400


def carts(failed: range, share: int = 1, each_minute: int = 10) -> list[Hit]:
    """Ten hours of carts; in the minutes of `failed` every `share`-th of them fails."""
    return [
        Hit("/cart", 500 if minute in failed and (minute * each_minute + n) % share == 0 else 200, minute=minute)
        for minute in range(END)
        for n in range(each_minute)
    ]


def rates(evidence: list[AnyEvidence], of: str = BURN) -> dict[str, float]:
    """What is known by rule."""
    return {
        each.quantity.rpartition(".")[2]: float(each.value)
        for each in evidence
        if isinstance(each, Measured | Derived) and each.quantity.startswith(f"{of}.")
    }


def unknown(evidence: list[AnyEvidence]) -> dict[str, str]:
    """Why the other rules are not known."""
    return {
        each.quantity.rpartition(".")[2]: each.detail
        for each in evidence
        if isinstance(each, Missing) and each.quantity.startswith(f"{BURN}.")
    }


def plain_rate(hits: list[Hit], long: int, short: int, budget: float = 0.001) -> float:
    """The smaller burn rate of both windows, counted with nothing but lists."""
    shares: list[float] = []
    for window in (long, short):
        inside = [hit.status >= 500 for hit in hits if hit.minute >= END - window]
        shares.append(sum(inside) / len(inside))
    return min(shares) / budget


def test_a_journey_that_burns_is_told_with_its_rate_and_when_its_budget_is_empty(tmp_path: Path) -> None:
    """Each 25th cart of the last two hours fails; another route fails always, and bots do not count."""
    hits = carts(range(480, END), share=25)
    others = [Hit("/other", 500, minute=n) for n in range(END)]
    bots = [Hit("/cart", 500, minute=n, agent="Googlebot/2.1") for n in range(END)]
    evidence = look(journeys("GET /cart") + log(tmp_path, [*hits, *others, *bots]))
    known = rates(evidence)
    assert known == {
        "fast": pytest.approx(plain_rate(hits, 60, 5), rel=1e-5),
        "medium": pytest.approx(plain_rate(hits, 360, 30), rel=1e-5),
    }
    assert known["fast"] == 40  # of ten hours with three days nothing is said
    assert unknown(evidence) == {"slow": "the log covers 10 h of 3 d"}
    spent = sum(hit.status >= 500 for hit in hits) / (len(hits) * 0.001) * (END - 1) * 60  # seconds of the budget
    assert rates(evidence, EMPTY)["fast"] == pytest.approx((MONTH_S - spent) / 40, rel=1e-5)
    (found,) = told(judged(evidence), "journey_burn")
    assert isinstance(found, Finding) and found.severity == "critical" and found.policy == "health.traffic.burn.fast"
    assert found.says == (
        "the journey shop/buy: its error budget burns 40 times as fast as it may over 60 min and the last 5 min (limit "
        "14.4): empty in at most 16 h at this rate; not known over 3 d"
    )


def test_the_time_to_empty_can_be_run_again_from_its_formula(tmp_path: Path) -> None:
    """Its inputs are the records of the run, and nothing else is needed."""
    evidence = look(journeys("GET /cart") + log(tmp_path, carts(range(480, END), share=25)))
    by_id = {each.id: each for each in evidence if isinstance(each, Measured)}
    derived = [each for each in evidence if isinstance(each, Derived)]
    assert [each.quantity for each in derived] == [f"{EMPTY}.fast", f"{EMPTY}.medium"]
    for each in derived:
        inputs = {name: float(by_id[id].value) for name, id in each.inputs.items()}
        assert eval(each.formula, {"max": max}, inputs) == pytest.approx(float(each.value), rel=1e-5)


def test_an_outage_that_just_ended_does_not_burn(tmp_path: Path) -> None:
    """Two and a half hours down until forty minutes ago: the long windows are full of it, the short ones are clean."""
    evidence = look(journeys("GET /cart") + log(tmp_path, carts(range(410, 560))))
    assert rates(evidence) == {"fast": 0, "medium": 0}
    (found,) = told(judged(evidence), "journey_burn")
    assert isinstance(found, Pass) and "its error budget does not burn over 60 min and the last 5 min" in found.says
    still = look(journeys("GET /cart") + log(tmp_path, carts(range(410, END))))
    assert rates(still)["fast"] == 1000


def test_a_steady_loss_inside_the_budget_is_no_finding(tmp_path: Path) -> None:
    """The benign twin: one of two thousand fails, all the time."""
    evidence = look(journeys("GET /cart") + log(tmp_path, carts(range(END), share=2000, each_minute=80)))
    assert 0 < rates(evidence)["medium"] < 1
    (found,) = told(judged(evidence), "journey_burn")
    assert isinstance(found, Pass) and "at this rate a whole budget lasts" in found.says


def test_one_or_two_failures_of_a_quiet_hour_are_no_rate(tmp_path: Path) -> None:
    """Two of sixty failed, one of them in the last minutes: thirty times too fast by the letter, and an accident."""
    hits = [hit._replace(status=500 if hit.minute in (560, 597) else 200) for hit in carts(range(0), each_minute=1)]
    evidence = look(journeys("GET /cart") + log(tmp_path, hits))
    assert rates(evidence)["fast"] > 14.4
    (found,) = told(judged(evidence), "journey_burn")
    assert isinstance(found, Unknown) and found.says.startswith("Too few requests to tell") and found.could_be != "high"


def test_a_log_that_ended_says_nothing_of_now(tmp_path: Path) -> None:
    """Three hours after its last line the last five and thirty minutes are not known; nor is a journey nobody used."""
    text = journeys("GET /cart") + log(tmp_path, carts(range(480, END), share=25))
    evidence = look(text, SOON + timedelta(hours=3))
    assert rates(evidence) == {} and unknown(evidence)["fast"] == "the last request of the log is 3.08 h old"
    (found,) = told(judged(evidence), "journey_burn")
    assert isinstance(found, Unknown) and found.could_be == "medium"
    rare = [hit._replace(path="/rare") for hit in carts(range(0)) if hit.minute < 590]
    others = look(journeys("GET /rare") + log(tmp_path, [*rare, *carts(range(0))]))
    assert unknown(others)["fast"] == "no request of it was counted in the last 5 min" and "fast" not in rates(others)
    assert rates(others)["medium"] == 0


def test_answers_beyond_the_limit_of_the_journey_burn_its_budget(tmp_path: Path) -> None:
    """Each 25th answer of the last two hours takes 700 ms; a limit of 500 counts them, one of 800 and none do not."""
    slow = [hit._replace(ms=700 if hit.status == 500 else 10, status=200) for hit in carts(range(480, END), share=25)]
    written = log(tmp_path, slow)
    for more, rate in (("limit_ms = 500\n", 40), ("limit_ms = 800\n", 0), ("", 0)):
        assert rates(look(journeys("GET /cart", more=more) + written))["fast"] == rate
    other = journeys("GET /cart", more="limit_ms = 800\n").replace('"buy"', '"look"')
    both = look(journeys("GET /cart", more="limit_ms = 500\n") + other + written)
    fast = {each.subject: each.value for each in both if isinstance(each, Measured) and each.quantity == f"{BURN}.fast"}
    assert fast == {"journey:shop/buy": 40, "journey:shop/look": 0}


def test_a_log_of_four_days_tells_the_slow_rule_and_that_an_outage_is_over(tmp_path: Path) -> None:
    """Two hours down today, over for an hour: a ticket in the past tense, and no page."""
    days = [(day, carts(range(420, 540) if day == 10 else range(0))) for day in (6, 7, 8, 9, 10)]
    lines = [hit.line().replace("10/Nov", f"{day:02d}/Nov") + "\n" for day, hits in days for hit in hits]
    (tmp_path / "front.log").write_text("".join(lines))
    place = f"[[access_log]]\nname = \"front\"\npath = \"{tmp_path}/front.log\"\nformat = '''{FORMAT}'''\n"
    evidence = look(journeys("GET /cart") + place)
    assert unknown(evidence) == {}
    inside = 3 * END * 10  # requests of the last three days: those of the 8th, 9th and 10th
    assert rates(evidence)["slow"] == pytest.approx(1200 / inside / 0.001, rel=1e-5)
    assert rates(evidence)["fast"] == rates(evidence)["medium"] == 0
    (found,) = told(judged(evidence), "journey_burn")
    assert isinstance(found, Finding) and found.severity == "medium"
    assert "burnt 66.7 times as fast as it may over 3 d and the last 6 h (limit 1), and no longer: 0" in found.says


def test_two_logs_of_a_journey_have_a_line_each(tmp_path: Path) -> None:
    """What one of them counts is not said of the other."""
    logs = log(tmp_path, carts(range(480, END), share=25)) + log(tmp_path, carts(range(0)), "back")
    found = told(judged(look(journeys("GET /cart") + logs)), "journey_burn")
    assert [type(each) for each in found] == [Finding, Pass]


def test_the_target_of_the_owner_is_the_budget(tmp_path: Path) -> None:
    """A target of 96 % makes each 25th failure just what is allowed."""
    text = '[policy]\n"health.traffic.availability" = 96\n' + journeys("GET /cart")
    assert rates(look(text + log(tmp_path, carts(range(480, END), share=25))))["fast"] == pytest.approx(1)


def test_all_users_of_a_young_prometheus_burn_nothing_in_an_hour_and_are_not_known_for_longer() -> None:
    """Two hours of answers without a single failure, not even a series of them: zero for an hour, nothing for six."""
    end = time.time() // 60 * 60
    points = [(end - 60 * n, 600.0 * (120 - n)) for n in range(120, -1, -1)]
    lines = samples("http_requests_total", {"route": "/cart", "code": "200"}, points)
    with prometheus(openmetrics(("http_requests", "counter", lines))) as server:
        place = f'[[prometheus]]\nname = "main"\nurl = "{server.url}"\n'
        evidence = look(place, datetime.fromtimestamp(end, UTC))
    burns = {each.quantity: each.value for each in evidence if isinstance(each, Measured) and ".burn." in each.quantity}
    assert burns == {"traffic.burn.fast": 0}


@requirement("monitoring.sla")
def test_prometheus_tells_the_burn_of_a_journey_and_agrees_with_promtool(tmp_path: Path) -> None:
    """Four days of minutes; failures grow in the last two hours; a second journey is there for two hours only."""
    end = time.time() // 60 * 60
    times = [end - 60 * n for n in range(4 * 1440, -1, -1)]

    def failed(at: float) -> float:
        return 0.001 * (at - times[0]) + max(0.0, 0.3 * (at - (end - 7200)))

    young = [at for at in times if at >= end - 7200]
    lines = "".join(
        samples("http_requests_total", {"route": route, "code": code}, points)
        for route, code, points in (
            ("/cart", "200", [(at, 5 * (at - times[0])) for at in times]),
            ("/cart", "500", [(at, failed(at)) for at in times]),
            ("/other", "500", [(at, 9 * (at - times[0])) for at in times]),
            ("/new", "200", [(at, 2 * (at - young[0])) for at in young]),
            ("/new", "503", [(at, 1.0) for at in young if at >= end - 120]),
        )
    )
    second = journeys("/new").replace('"buy"', '"new"')
    with prometheus(openmetrics(("http_requests", "counter", lines))) as server:
        place = f'[[prometheus]]\nname = "main"\nurl = "{server.url}"\n'
        evidence = look(journeys("/cart") + second + place, datetime.fromtimestamp(end, UTC))

        def share(window: str) -> float:
            text = (
                f'sum(increase(http_requests_total{{route="/cart", code=~"5.."}}[{window}])) / '
                f'sum(increase(http_requests_total{{route="/cart"}}[{window}]))'
            )
            return float(server.promtool(text, end).split("=>")[1].split("@")[0])

        expected = {
            name: min(share(long), share(short)) / 0.001
            for name, long, short in (("fast", "1h", "5m"), ("medium", "6h", "30m"), ("slow", "3d", "6h"))
        }
    buy, new = ([each for each in evidence if each.subject == f"journey:shop/{name}"] for name in ("buy", "new"))
    assert rates(buy) == {name: pytest.approx(value, rel=1e-5) for name, value in expected.items()}
    assert expected["fast"] > 14.4 and unknown(buy) == {}
    (found,) = [each for each in told(judged(evidence), "journey_burn") if each.subject == "journey:shop/buy"]
    assert isinstance(found, Finding) and found.severity == "critical" and "empty in at most" in found.says
    # Two hours are no six, and the failure with which a series is born counts.
    assert set(unknown(new)) == {"medium", "slow"}
    assert rates(new)["fast"] == pytest.approx(1 / 7200 / 0.001, rel=0.05)


def test_less_than_one_request_is_no_rate(tmp_path: Path) -> None:
    """Counters that weigh a sample of the requests grow by fractions: 0.4 in an hour are no request that burned."""
    end = time.time() // 60 * 60
    times = [end - 60 * n for n in range(12 * 60, -1, -1)]
    an_hour = {("/rare", "200"): 0.3, ("/rare", "500"): 0.1, ("/busy", "200"): 18, ("/busy", "500"): 0.4}
    lines = "".join(
        samples(
            "http_requests_total", {"route": route, "code": code}, [(at, n / 3600 * (at - times[0])) for at in times]
        )
        for (route, code), n in an_hour.items()
    )
    with prometheus(openmetrics(("http_requests", "counter", lines))) as server:
        place = f'[[prometheus]]\nname = "main"\nurl = "{server.url}"\n'
        rare, busy = (look(journeys(route) + place, datetime.fromtimestamp(end, UTC)) for route in ("/rare", "/busy"))
    assert rates(rare) == {}
    assert unknown(rare)["fast"] == "less than one request of it was counted in the last 60 min"
    assert unknown(rare)["medium"] == "less than one request of it was counted in the last 30 min"
    assert rates(busy).keys() == {"fast", "medium"}
    counted = {each.n for each in busy if isinstance(each, Measured) and each.quantity == f"{BURN}.fast"}
    assert counted == {18}
