"""What cannot be said is said in the plan, with what would be enough; a bare machine gets a plan full of unknowns."""

from pathlib import Path

import pytest

from tests.capacity.worlds import as_csv, at_hour, missing, number, plan, write_world
from tests.forecast.made_series import Floats, made
from tests.requirements_link import requirement

TOML = """
[[service]]
name = "shop"
instances = 3
[[history]]
subject = "service:shop"
quantity = "service.use"
csv = "/srv/use.csv"
[[history]]
subject = "service:shop"
quantity = "service.load"
csv = "/srv/load.csv"
"""


@requirement("capacity.refuses")
def test_a_step_last_week_reaches_the_reader_with_the_days_to_wait(tmp_path: Path) -> None:
    """From the refusal of the method to the line of the form."""
    values = made(60)
    values[-5 * 24 :] += 25
    report = plan(TOML, world(tmp_path, values))
    record = missing(report, "forecast.use")
    assert record.why == "no_data" and record.detail.startswith("break: level changed") and "2 more days" in record.how
    (line,) = [each for each in report.plan.lines if each.field == "growth"]
    assert any(says.startswith("unknown: service.use of service:shop: break") for says in line.says)


@requirement("capacity.current", "capacity.growth_room", "capacity.comfortable", "capacity.peak_buffer")
def test_every_field_of_the_form_is_filled_from_evidence_or_marked_unknown(tmp_path: Path) -> None:
    """The bare world: each field of the form is there, and none is silently good."""
    report = plan("", write_world(tmp_path / "w", at_hour(0), {}))
    assert report.verdict == "unknown" and report.plan.answer.startswith("unknown")
    assert [line.field for line in report.plan.lines] == [
        "forecasts_before", "current", "growth_room", "comfortable", "peak_buffer", "single_failure", "redundancy",
        "growth", "spike", "autoscaling", "buffer_kept", "bottlenecks", "quota",
    ]  # fmt: skip
    assert {line.outcome for line in report.plan.lines} == {"unknown"}
    assert all(says.startswith("unknown: ") for line in report.plan.lines for says in line.says)


@requirement("capacity.current", "antipatterns.average_planning")
def test_average_and_tail_stand_side_by_side_and_the_tail_decides(tmp_path: Path) -> None:
    """A mean of 40 % with a peak above 80 % is not comfortable."""
    values = made(60)
    values[::24] = 85.0
    report = plan(TOML, world(tmp_path, values))
    assert number(report, "service.use", "service:shop", "mean") < 45
    assert number(report, "capacity.peak_buffer", "series:service.use@service:shop") < 0
    assert any(each.code == "comfortable" and each.severity == "high" for each in report.findings)
    (line,) = [each for each in report.plan.lines if each.field == "current"]
    assert "average" in line.says[0] and "P95" in line.says[0]


@requirement("capacity.bottlenecks")
def test_the_break_load_follows_from_use_and_load_with_its_range(tmp_path: Path) -> None:
    """use = 4 + 0.5 load reaches 80 % at 152/s."""
    load = made(30, level=60.0, noise=4.0)
    use = 4 + 0.5 * load + made(30, level=0.0, noise=0.2) * 0.02
    report = plan(TOML, world(tmp_path, use, load))
    low, high = (number(report, f"capacity.break_load.{end}", "service:shop") for end in ("low95", "high95"))
    assert low <= 152 * 1.02 and high >= 152 * 0.98
    said = " ".join(each.says for each in [*report.findings, *report.passes] if each.code == "bottlenecks")
    assert "times the load observed" in said


def test_a_release_in_the_window_makes_the_break_load_unknown(tmp_path: Path) -> None:
    """The same load uses fifteen points more in the last third."""
    load = made(30, level=60.0, noise=4.0)
    use = 4 + 0.5 * load
    use[-10 * 24 :] += 15
    assert missing(plan(TOML, world(tmp_path, use, load)), "capacity.break_load").detail.startswith("drift")


@requirement("antipatterns.no_headroom")
def test_quotas_that_nobody_watches_are_found(tmp_path: Path) -> None:
    """91 of 100 licences; another whose use nobody wrote down is unknown."""
    toml = (
        '[[quota]]\nname = "seats"\nlimit = 100\nused = 91\ndeclared_on = 2026-03-01\n'
        '[[quota]]\nname = "addresses"\nlimit = 5\ndeclared_on = 2026-03-01\n'
    )
    report = plan(toml, write_world(tmp_path / "w", at_hour(0), {}))
    (finding,) = [each for each in report.findings if each.code == "quota"]
    assert "91 of 100 used (declared)" in finding.says
    assert any(each.code == "quota" and each.subject == "quota:addresses" for each in report.unknowns)


@pytest.mark.parametrize(
    "toml", ['timezone = "Mars/Base"', "[[history]]\nsubject='host:a'\nquantity='cpu.utilisation'"]
)
def test_a_wrong_declaration_is_refused_with_the_way_to_mend_it(toml: str, tmp_path: Path) -> None:
    """A zone that does not exist; a history without an origin."""
    with pytest.raises(Exception, match="time zone|csv, or prometheus"):
        plan(toml, write_world(tmp_path / "w", at_hour(0), {}))


def world(folder: Path, use: Floats, load: Floats | None = None) -> Path:
    """A world with the use, and the load, of the shop."""
    files = {"/srv/use.csv": as_csv(use)}
    if load is not None:
        files["/srv/load.csv"] = as_csv(load)
    return write_world(folder / "w", at_hour(len(use)), files)
