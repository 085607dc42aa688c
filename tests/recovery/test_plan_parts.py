"""Runbooks, single points of failure and the recovery plan that is filled from them."""

from pathlib import Path

from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.report.recovery_plan import render_plan
from tests.recovery.checklist import findings, one, report_on
from tests.recovery.test_cut_sets import shop
from tests.requirements_link import requirement

RUNBOOK = """# Restore orders

**Owner:** platform team
Last tested: 2020-02-03

1. Call the lead (5 min)
2. Restore as [described](restore.md), see [the map](map.md)
"""


@requirement("recovery.procedures")
def test_a_runbook_is_read_for_owner_steps_times_test_and_dead_links(tmp_path: Path) -> None:
    """One of two links leads to a file that is there."""
    (tmp_path / "orders.md").write_text(RUNBOOK)
    (tmp_path / "map.md").touch()
    report = report_on(f'[[runbook]]\nname = "orders"\nfile = "{tmp_path}/orders.md"\n')
    assert findings(report) == {"runbook_dead_links": "medium", "runbook_untested": "medium"}
    assert "restore.md" in one(report, "runbook_dead_links", Finding).says
    assert "2 numbered steps" in one(report, "runbook_steps", Pass).says
    (row,) = [line for line in render_plan(report).splitlines() if line.startswith("| orders |")]
    assert "platform team" in row and row.split("|")[4].split()[0] == "1"


def test_a_runbook_without_steps_owner_or_test_says_so(tmp_path: Path) -> None:
    """A page of prose."""
    (tmp_path / "orders.md").write_text("Call somebody who knows.\n")
    report = report_on(f'[[runbook]]\nname = "orders"\nfile = "{tmp_path}/orders.md"\n')
    assert findings(report) == {"runbook_steps": "medium"}
    assert {each.code for each in report.unknowns} >= {"runbook_owner", "runbook_untested"}


@requirement("recovery.spof", "antipatterns.spofs")
def test_single_points_are_findings_until_they_are_accepted_with_a_reason() -> None:
    """An acceptance that has run out does not count."""
    risks = (
        '[[accepted_risk]]\nsubject = "zone:1"\nwhy = "costs twice"\nby = "Kim"\nuntil = 2099-01-01\n'
        '[[accepted_risk]]\nsubject = "zone:2"\nwhy = "until moved"\nby = "Kim"\nuntil = 2020-01-01\n'
    )
    report = report_on(shop() + risks)
    points = {each.subject for each in report.findings if each.code == "single_point"}
    assert "point:zone:2" in points and "point:dns:route53" in points
    assert "point:zone:1" not in points
    assert "costs twice (by Kim, until 2099-01-01)" in one(report, "single_point", Pass).says
    assert "accepted: zone:1: costs twice" in render_plan(report)


def test_how_a_point_fails_over_is_said_as_declared() -> None:
    """The database is manual; for the rest nothing is declared."""
    report = report_on(shop())
    by_point = {each.subject: each.says for each in report.findings if each.code == "single_point"}
    assert "db manual" in by_point["point:zone:1"]
    assert "failover: not declared" in by_point["point:load_balancer:lb1"]


def test_services_without_instances_are_counted_as_undescribed() -> None:
    """What is not declared cannot fail in the model."""
    report = report_on('[[service]]\nname = "web"\n[[user_journey]]\nname = "shop"\nservices = ["web"]\n')
    assert one(report, "topology_incomplete", Unknown).says.startswith("1 declared services")


def test_every_part_of_the_plan_that_nothing_supports_reads_unknown_with_the_way_to_know() -> None:
    """On a machine where nothing is declared."""
    plan = render_plan(report_on(""))
    assert "Backups: unknown. None is declared; declare [[backup]]" in plan
    assert "Procedures: unknown. No runbook could be read; declare [[runbook]]" in plan
    assert "Single points: unknown. The topology is not declared" in plan
    assert "To know: declare" in plan
