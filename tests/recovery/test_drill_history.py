"""What the ledger of drills supports: never tested, k of n with its bound, age, targets beside tests, canary."""

from pathlib import Path

import pytest

from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.evidence.store import Store
from infra_maintainer.report.recovery_plan import render_plan
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.security import check_security_baseline
from tests.recovery.checklist import declared, drill, findings, kept, one, report_on
from tests.requirements_link import requirement


@pytest.fixture
def toml(tmp_path: Path) -> str:
    """A backup with a target; its folder is empty, which these tests do not look at."""
    (tmp_path / "nightly").mkdir()
    return declared("orders", "dump", tmp_path / "nightly", rto_h=1, rpo_h=24, protects=["orders"])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store.db")


@requirement("security.theatre_untested_dr", "antipatterns.untested_recovery")
def test_a_backup_without_a_drill_is_never_tested_and_nothing_about_it_passes(toml: str, store: Store) -> None:
    """Not a pass, no recovery time, and the plan says so in words."""
    report = report_on(toml, store)
    assert findings(report)["never_tested"] == "high"
    assert not any(each.code in ("drill_passed", "rto_missed", "drill_overdue") for each in report.passes)
    plan = render_plan(report)
    assert "orders: **never tested**" in plan
    assert plan.count("**never tested**") == 3


@requirement("recovery.rto_rpo")
def test_a_target_is_never_printed_as_a_result(toml: str, store: Store) -> None:
    """Without a drill the tested column is empty of numbers, and the check is unknown."""
    report = report_on(toml, store)
    unknown = one(report, "rto_untested", Unknown)
    assert "never measured" in unknown.says
    (row,) = [line for line in render_plan(report).splitlines() if line.startswith("| orders | stated 60 min")]
    assert row.split("|")[3].strip() == "**never tested**"


def test_four_of_four_drills_are_stated_with_what_they_support(toml: str, store: Store) -> None:
    """Exact one-sided bound at 95 %: 0.05 ** (1 / 4) is 47 %."""
    report = report_on(toml, kept(store, *(drill(days) for days in (270, 180, 90, 1))))
    says = one(report, "drill_passed", Pass).says
    assert says.startswith("4 of 4 drills of 'orders' succeeded")
    assert "at least 47.3 %" in says


def test_one_failure_among_them_is_counted(toml: str, store: Store) -> None:
    """3 of 4 support 25 %."""
    report = report_on(toml, kept(store, drill(270), drill(180, passed=False), drill(90), drill(1)))
    assert one(report, "drill_passed", Pass).says.startswith("3 of 4")
    assert "at least 24.9 %" in one(report, "drill_passed", Pass).says


def test_stopped_impossible_and_canary_drills_are_not_counted(toml: str, store: Store) -> None:
    """They say nothing about the backup."""
    records = (
        drill(4),
        drill(3, result="stopped"),
        drill(2, passed=False, canary=True),
        drill(1, result="not_possible", issues=({"code": "no-space", "detail": "full"},)),
    )
    report = report_on(toml, kept(store, *records))
    assert one(report, "drill_passed", Pass).says.startswith("1 of 1")
    assert one(report, "canary_passed", Pass)
    assert "no-space" in one(report, "drill_not_possible", Unknown).says


def test_a_canary_that_passed_is_critical(toml: str, store: Store) -> None:
    """Such a drill would pass anything."""
    assert findings(report_on(toml, kept(store, drill(1, canary=True))))["canary_passed"] == "critical"


@requirement("security.backup_tests")
def test_a_drill_older_than_a_quarter_is_overdue_and_one_that_only_listed_is_none(toml: str, store: Store) -> None:
    """92 days; a drill that did not come as far as validating does not count as a test."""
    assert findings(report_on(toml, kept(store, drill(93))))["drill_overdue"] == "high"
    report = report_on(toml, kept(store, drill(1, passed=False, level=2, observed_seconds=None)))
    assert findings(report)["drill_overdue"] == "high"
    assert "drill_overdue" not in {each.code for each in report.passes}


def test_a_drill_that_validated_and_failed_is_no_restore_test(toml: str, store: Store) -> None:
    """Neither here nor in the security baseline, which reads the same ledger."""
    kept(store, drill(100), drill(1, passed=False))
    assert findings(report_on(toml, store))["drill_overdue"] == "high"
    kit = Kit(parse_system(toml), store)
    security = check_security_baseline(kit, kit.world(60), [], lambda message: None)
    assert findings(security)["restore_untested"] == "high"


def test_the_newest_failed_drill_is_critical_with_its_own_reason(toml: str, store: Store) -> None:
    """An older success does not excuse it."""
    report = report_on(toml, kept(store, drill(9), drill(1, passed=False)))
    assert findings(report)["restore_errors"] == "critical"
    assert "drill_passed" not in {each.code for each in report.passes}


def test_the_slowest_drill_is_held_against_the_target(toml: str, store: Store) -> None:
    """The data part alone took two hours of the promised one."""
    report = report_on(toml, kept(store, drill(3, seconds=7200), drill(2, seconds=30)))
    finding = one(report, "rto_missed", Finding)
    assert "slowest of 2" in finding.says and "2 h" in finding.says
    assert "not included" in finding.says


def test_the_trend_is_the_newest_drill_against_those_before_it(toml: str, store: Store) -> None:
    """40 s after a median of 20 s is twice as slow; one drill alone has no trend."""
    assert "trend" not in render_plan(report_on(toml, kept(store, drill(200, seconds=10))))
    plan = render_plan(report_on(toml, kept(store, drill(100, seconds=30), drill(1, seconds=40))))
    assert "trend: the newest timed drill against those before it: 100 %" in plan


def test_a_restore_without_a_manifest_is_plausible_only(toml: str, store: Store) -> None:
    """Complete cannot be proven afterwards."""
    report = report_on(toml, kept(store, drill(1, completeness="plausible, not proven")))
    assert findings(report)["no_manifest"] == "medium"
