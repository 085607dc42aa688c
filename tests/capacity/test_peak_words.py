"""What a plan calls the peak that it stands on, and what its first line answers."""

from pathlib import Path

import pytest

from infra_maintainer.assess.plan import CapacityReport
from tests.capacity.worlds import as_csv, at_hour, number, plan, write_world
from tests.forecast.made_series import made

TOML = """
[[service]]
name = "shop"
instances = {instances}
[[scaling]]
service = "shop"
declared_on = 2026-05-04
sustains_per_instance = {each}
time_to_scale_s = 240
[[history]]
subject = "service:shop"
quantity = "service.load"
csv = "/srv/load.csv"
"""


def shop(folder: Path, each: float, instances: int = 2, spike: float | None = None) -> CapacityReport:
    """Thirty days of load in samples of five minutes, of which one in the last week is a tenth above all others."""
    rows = as_csv(made(30, level=30.0), per_hour=12).splitlines()
    moment, _, _ = rows[-100].partition(",")
    highest = 1.1 * max(float(row.partition(",")[2]) for row in rows[1:])
    rows[-100] = f"{moment},{highest}"
    world = write_world(folder / "world", at_hour(30 * 24), {"/srv/load.csv": "\n".join(rows)})
    toml = TOML.format(each=each, instances=instances)
    return plan(toml, world, horizon=10) if spike is None else plan(toml, world, horizon=10, spike=spike)


def test_a_multiple_says_of_which_statistic_and_which_time_it_is(tmp_path: Path) -> None:
    """The P99.5 lies below the highest of that week: called "the highest use seen", the room would be overstated."""
    report = shop(tmp_path, 40.0, spike=2.0)
    peak, highest = (number(report, "service.load", "service:shop", stat) for stat in ("p99.5", "max"))
    assert peak < highest
    assert number(report, "capacity.multiple", "service:shop") == pytest.approx(80 / peak, rel=0.001)
    lines = {line.field: line.says for line in report.plan.lines}
    for field in ("growth_room", "comfortable", "single_failure", "spike", "autoscaling", "buffer_kept", "bottlenecks"):
        assert "the P99.5 of the last 7 d" in lines[field][0], field
    said = "; ".join([report.plan.answer, *(each for told in lines.values() for each in told)])
    assert "highest" not in said and "at peak" not in said
    (load,) = [each.says for each in report.passes if each.code == "current" and each.says.startswith("load of shop")]
    assert load.endswith(" over 7 d"), "thirty days were given, seven are told"


def test_the_first_line_says_that_it_holds_only_with_every_instance(tmp_path: Path) -> None:
    """Twice the load is within what both carry and not within what one carries: no bare "does not hold"."""
    report = shop(tmp_path, 40.0, spike=2.0)
    peak = number(report, "service.load", "service:shop", "p99.5")
    assert 40 / peak < 2 < 80 / peak and report.verdict == "degraded"
    first, says, *_ = report.plan.answer.split("; ")
    assert first == "does not hold with one instance lost"
    assert says == (
        f"shop carries {80 / peak:.3g} times the P99.5 of the last 7 d with all 2 instances "
        f"and {40 / peak:.3g} times with one lost, 2 times is asked"
    )
    assumed = shop(tmp_path / "assumed", 40.0).plan.answer
    assert assumed.startswith("at risk; ") and "3 times is assumed (policy)" in assumed, "nobody asked for three times"
    assert "first at its limit" not in report.plan.answer, "the same number a second time reads as a contradiction"


def test_what_no_instance_more_would_carry_is_not_blamed_on_a_loss(tmp_path: Path) -> None:
    """Eightfold is beyond both; twice is within one of five hundred."""
    bad = shop(tmp_path / "bad", 40.0, spike=8.0).plan.answer
    assert bad.startswith("does not hold; shop carries ") and "8 times is asked" in bad
    good = shop(tmp_path / "good", 500.0, spike=2.0)
    assert not good.plan.answer.startswith("does not hold") and "2 times is asked" in good.plan.answer


def test_a_peak_that_the_rest_cannot_carry_is_answered_without_a_question(tmp_path: Path) -> None:
    """Nothing asked: the peak itself is over what is left after a loss."""
    report = shop(tmp_path, 24.0)
    assert any(each.code == "single_failure" for each in report.findings)
    assert report.plan.answer.startswith("does not hold with one instance lost; shop carries ")
    assert "is asked" not in report.plan.answer
