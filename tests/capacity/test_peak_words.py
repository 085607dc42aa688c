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
