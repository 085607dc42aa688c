"""How old the last request of a log is: to the second, and never younger than it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.evidence.model import Measured
from infra_maintainer.reliability.routes import longest_silence_s
from infra_maintainer.sources.registry import AnyEvidence
from tests.logs.logbook import Hit
from tests.logs.test_formats import JSON_LINE
from tests.sources.test_journey_requests import journeys, judged, log, look, told

LAST = datetime(2026, 11, 10, 0, 9, 7, tzinfo=UTC)
HITS = [Hit("/cart", minute=minute) for minute in range(10)]


def ages(evidence: list[AnyEvidence]) -> dict[str, float]:
    """What is told of the end of the log, of all users and of the journey."""
    wanted = ("log.quiet", "availability.requests.quiet")
    return {
        each.quantity: float(each.value) for each in evidence if isinstance(each, Measured) if each.quantity in wanted
    }


@pytest.mark.parametrize("seconds", [41, 2352])
def test_the_last_request_is_as_old_as_it_is(tmp_path: Path, seconds: int) -> None:
    """41 s within the next minute were none; 39.2 min were 38.3. Programs after it do not make it younger."""
    bots = [Hit("/cart", minute=9, second=40, agent="Googlebot/2.1")]
    evidence = look(journeys("GET /cart") + log(tmp_path, [*HITS, *bots]), LAST + timedelta(seconds=seconds))
    assert ages(evidence) == {"log.quiet": seconds, "availability.requests.quiet": seconds}
    words = {41: "is 41 s old", 2352: "is 39.2 min old"}[seconds]
    assert words in told(judged(evidence), "log_ended")[0].says


def test_the_burn_of_all_users_of_a_log_that_ended_is_as_unknown_as_that_of_its_journey(tmp_path: Path) -> None:
    """Six hours of carts: four minutes later both burn nothing, 39 later neither is known, in the same words."""
    hits = [Hit("/cart", minute=minute) for minute in range(370)]
    text, end = journeys("GET /cart") + log(tmp_path, hits), datetime(2026, 11, 10, 6, 9, 7, tzinfo=UTC)
    soon, late = (judged(look(text, end + timedelta(minutes=minutes))) for minutes in (4, 39))
    for report, kind in ((soon, Pass), (late, Unknown)):
        found = [*told(report, "budget_burn_fast"), *told(report, "budget_burn_medium"), *told(report, "journey_burn")]
        assert [type(each) for each in found] == [kind] * 3
    details = {each.detail for each in late.unknowns if "burn" in each.code}
    assert details == {"the last request of the log is 39 min old"}
    assert "all traffic of front burns its error budget over 60 min" in told(late, "budget_burn_fast")[0].says
    some = judged(look(text, end + timedelta(minutes=10)))  # of the last thirty minutes something is known
    assert [type(each) for each in told(some, "budget_burn_fast")] == [Unknown]
    assert [type(each) for each in told(some, "budget_burn_medium")] == [Pass]


def test_of_a_minute_alone_it_is_told_how_old_at_most(tmp_path: Path) -> None:
    """Times without seconds: the minute began 100 s ago."""
    (tmp_path / "a.log").write_text((JSON_LINE.format(time="2026-11-10T00:09Z") + "\n") * 9)
    text = f'[[access_log]]\nname = "front"\npath = "{tmp_path}/a.log"\n'
    (said,) = told(judged(look(text, datetime(2026, 11, 10, 0, 10, 40, tzinfo=UTC))), "log_ended")
    assert "is at most 100 s old" in said.says


def test_a_silence_unlike_any_before_is_unknown_and_one_of_rare_requests_is_not(tmp_path: Path) -> None:
    """Requests of each minute that end 39 minutes ago; the twin has one every five minutes, and is as silent."""
    busy, rare = ([Hit("/cart", minute=minute) for minute in range(0, 400, step)] for step in (1, 5))

    def said(hits: list[Hit], minutes: int) -> Pass | Unknown | Finding:
        end = datetime(2026, 11, 10, 0, 0, 7, tzinfo=UTC) + timedelta(minutes=hits[-1].minute + minutes)
        (found,) = told(judged(look(log(tmp_path, hits), end)), "log_ended")
        return found

    silent = said(busy, 39)
    assert isinstance(silent, Unknown) and silent.could_be == "high"
    assert (
        "is 39 min old, at least 19 times the longest gap before, of at most 2 min (limit 10 times): what"
        in silent.says
    )
    assert isinstance(said(busy, 19), Pass) and isinstance(said(rare, 39), Pass)
    assert isinstance(said(busy[:19], 39), Pass)  # too few to know their gaps


def test_a_silence_is_rounded_up() -> None:
    """Requests at 0:59 and 3:00 are 121 s apart, those at 0:00 and 3:59 four minutes: it is four at most."""
    assert longest_silence_s([0, 3, 4]) == 240
    assert longest_silence_s([7]) == 60
