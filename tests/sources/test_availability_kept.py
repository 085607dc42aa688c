"""Availability through the whole product: samples as runs leave them in the store, then the health job over them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Pass, Report, Unknown
from infra_maintainer.evidence.model import Measured
from infra_maintainer.evidence.store import Store
from infra_maintainer.system.load import parse_system
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.run import run_job
from infra_maintainer.world.clock import FrozenClock
from infra_maintainer.world.world import LiveWorld
from tests.requirements_link import requirement
from tests.services import web

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "http://127.0.0.1:1/"
MONTH_S = 30 * 86400
SHOP = f"""
[[service]]
name = "shop"
[[service.journey]]
name = "buy"
[[service.journey.step]]
url = "{URL}"
"""
PLANNED = """
[[planned_downtime]]
service = "shop"
from = 2026-11-20T00:00:00+00:00
to = 2026-11-20T02:00:00+00:00
why = "new database"
"""


def fill(store: Store, begin: datetime, end: datetime, ok: Callable[[datetime], bool | None]) -> None:
    """What hourly runs of the journey source keep; None is a run that did not take place."""
    records: list[Measured] = []
    at = begin
    while at < end:
        if (worked := ok(at)) is not None:
            records.append(
                Measured(
                    subject="journey:shop/buy", quantity="journey.ok", stat="ratio", value=100.0 if worked else 0.0,
                    unit="%", n=3, as_of=at, source="journey of 1 steps (synthetic)",
                )
            )  # fmt: skip
        at += timedelta(hours=1)
    store.keep(records, "run_filled", "health", end, "healthy", "{}")


def health(system: System, store: Store | None, at: datetime = NOW) -> Report:
    """One whole health run at a moment."""
    kit, world = Kit(system, store), LiveWorld(20.0)
    world.clock = FrozenClock(at)
    return run_job("health", kit, world, system=system, users_first=True)


def told(report: Report, subject: str = "journey:shop/buy") -> Finding | Pass | Unknown:
    """The one judgement on availability of a subject; its sentence cites evidence of the report."""
    every: list[Finding | Pass | Unknown] = [*report.findings, *report.passes, *report.unknowns]
    (found,) = [each for each in every if each.code == "availability_missed" and each.subject == subject]
    assert set(found.evidence) <= {each.id for each in report.evidence} and found.evidence
    return found


def values(report: Report, subject: str = "journey:shop/buy") -> dict[str, float]:
    """The numbers about availability of a subject, without their common prefix."""
    return {
        each.quantity.removeprefix("availability."): float(each.value)
        for each in report.evidence
        if isinstance(each, Measured) and each.quantity.startswith("availability.") and each.subject == subject
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store.db")


@requirement("monitoring.sla", "monitoring.feature_up")
def test_forty_days_down_and_still_down_is_no_availability_at_all(store: Store) -> None:
    """The outage began ten days before the window; no change of state lies inside it."""
    fill(store, NOW - timedelta(days=40), NOW, lambda _: False)
    report = health(parse_system(SHOP), store)
    found, known = told(report), values(report)
    assert isinstance(found, Finding) and "up 0 % of 30 d" in found.says and "43,200 min" in found.says
    assert (known["best"], known["worst"], known["watched"], known["down"]) == (0, 0, 100, MONTH_S)
    assert known["budget_spent"] == pytest.approx(100_000)
    assert known["burn.slow"] == pytest.approx(1000)


@pytest.mark.parametrize("kept", [True, False])
def test_what_was_never_monitored_is_unknown(store: Store, kept: bool) -> None:
    """Neither 0 % nor 100 %: no number at all, with a store and without one."""
    report = health(parse_system(SHOP), store if kept else None)
    found = told(report)
    assert isinstance(found, Unknown) and found.why == "no_data" and "from a timer" in found.how
    assert values(report) == {}


def test_up_all_the_time_passes(store: Store) -> None:
    """The benign twin: watched without a gap and up."""
    fill(store, NOW - timedelta(days=31), NOW, lambda _: True)
    report = health(parse_system(SHOP + PLANNED), store)
    found, known = told(report), values(report)
    assert isinstance(found, Pass) and "planned" not in found.says
    assert (known["best"], known["worst"], known["down"], known["planned"]) == (100, 100, 0, 0)
    assert (known["pace"], known["gap"], known["burn.slow"]) == (3600, 3600, 0)


def test_a_gap_is_unknown_with_its_best_and_its_worst_case(store: Store) -> None:
    """Ten of thirty days without a run: up from 66.7 % to 100 %, so no verdict on 99.9 %."""
    gap = (NOW - timedelta(days=20), NOW - timedelta(days=10))
    fill(store, NOW - timedelta(days=30), NOW, lambda at: None if gap[0] <= at < gap[1] else True)
    report = health(parse_system(SHOP), store)
    found, known = told(report), values(report)
    assert isinstance(found, Unknown) and "66.7 % to 100 %" in found.says
    assert "a look every 60 min, unknown where 60 min pass without one" in found.says
    assert known["best"] == 100
    assert known["worst"] == pytest.approx(200 / 3, abs=0.001)


def test_an_outage_that_breaks_the_target_is_a_finding_whatever_the_gaps_were(store: Store) -> None:
    """Three hours down are 180 of 43,200 minutes: below 99.9 % even if the gap was up."""
    gap, down = NOW - timedelta(days=20), NOW - timedelta(days=5)

    def state(at: datetime) -> bool | None:
        return None if at < gap else not down <= at < down + timedelta(hours=3)

    fill(store, NOW - timedelta(days=30), NOW, state)
    report = health(parse_system(SHOP), store)
    assert isinstance(told(report), Finding)
    assert values(report)["down"] == pytest.approx(3 * 3600, rel=1e-4)


@requirement("antipatterns.planned_downtime")
def test_planned_downtime_counts_against_users_and_is_shown_apart(store: Store) -> None:
    """Three hours down of which two were announced: the total stays three, and the sentence says both."""
    down = datetime(2026, 11, 20, tzinfo=UTC)
    fill(store, NOW - timedelta(days=30), NOW, lambda at: not down <= at < down + timedelta(hours=3))
    with_plan, without = (health(parse_system(text), store, NOW) for text in (SHOP + PLANNED, SHOP))
    known = values(with_plan)
    assert known["down"] == pytest.approx(10_800, rel=1e-4)
    assert known["planned"] == pytest.approx(7200, rel=1e-4)
    assert known["best"] == values(without)["best"] == pytest.approx(100 - 100 * 3 / 720, abs=0.001)
    found = told(with_plan)
    assert isinstance(found, Finding) and "180 min, of which 120 min planned" in found.says


def test_planned_downtime_of_a_service_that_is_not_declared_is_told(store: Store) -> None:
    """A misspelt name would label nothing, silently."""
    report = health(parse_system(SHOP + PLANNED.replace('"shop"', '"shpo"')), store)
    assert [each.subject for each in report.evidence if each.quantity == "availability.planned"] == ["service:shpo"]


def test_a_server_that_goes_down_between_two_real_runs_is_seen_down_by_the_next(store: Store) -> None:
    """Two real runs against a real server, up and then gone, five minutes apart on the clock; the third tells both."""
    with web.web(web.page) as url:
        system = parse_system(f'[[endpoint]]\nurl = "{url}/"\nsamples = 3\nwindow_s = 0.1\ntimeout_s = 1\n')
        assert isinstance(told(health(system, store, NOW), f"endpoint:{url}/"), Unknown)
    health(system, store, NOW + timedelta(minutes=5))
    report = health(system, store, NOW + timedelta(minutes=10))
    known = values(report, f"endpoint:{url}/")
    assert (known["pace"], known["gap"]) == (300, 600)
    assert known["down"] == pytest.approx(300, rel=0.01)
    assert known["best"] == pytest.approx(100 * (1 - 300 / MONTH_S), abs=0.0005)
    assert known["worst"] == pytest.approx(100 * 300 / MONTH_S, abs=0.0005)
    assert isinstance(told(report, f"endpoint:{url}/"), Unknown)
