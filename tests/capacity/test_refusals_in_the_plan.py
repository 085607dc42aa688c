"""What cannot be said is said in the plan, with what would be enough; a bare machine gets a plan full of unknowns."""

from pathlib import Path

import numpy as np
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
    assert any(says.startswith("unknown: use of shop: break") for says in line.says)


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


def test_a_history_that_ended_ten_days_ago_projects_nothing(tmp_path: Path) -> None:
    """The file is good, but nobody wrote to it since."""
    files = {"/srv/use.csv": as_csv(made(60, growth_per_day=0.3))}
    report = plan(TOML, write_world(tmp_path / "w", at_hour(70 * 24), files))
    assert missing(report, "forecast.use").detail.startswith("stale: the history ended on 2026-05-01, 10 days ago")
    (mean,) = [
        each for each in report.evidence if each.quantity == "service.use" and getattr(each, "stat", "") == "mean"
    ]
    assert mean.as_of == at_hour(60 * 24 - 1)


def test_a_store_that_is_no_database_costs_the_memory_and_not_the_answer(tmp_path: Path) -> None:
    """The plan is drafted all the same, says what it could not read, and blames the file and not itself."""
    (tmp_path / "store.db").write_text("this is no database" * 100)
    report = plan(TOML, world(tmp_path, made(60)), tmp_path / "store.db")
    assert any(each.quantity == "forecast.use" for each in report.evidence)
    assert "our_bug" not in {each.why for each in report.unknowns}
    assert "our_bug" not in {each.why for each in report.coverage.not_checked}
    assert missing(report, "forecast.scored").why == "error"
    assert any("not kept" in note for note in report.notes)


CPU = '[[history]]\nsubject = "host:web-1"\nquantity = "cpu.utilisation"\ncsv = "/srv/cpu.csv"\n'
LATENCY = TOML + '[[history]]\nsubject = "service:shop"\nquantity = "service.latency"\ncsv = "/srv/latency.csv"\n'


def scaled(in_flight: Floats, coherency: float) -> tuple[Floats, Floats]:
    """Load in 1/s and latency in ms that the law gives for a concurrency, with two per cent of noise."""
    generator = np.random.default_rng(8)
    more = in_flight - 1
    load = (
        20
        * in_flight
        / (1 + 0.03 * more + coherency * in_flight * more)
        * (1 + generator.normal(0, 0.02, len(in_flight)))
    )
    return np.asarray(load), np.asarray(in_flight / load * 1000)


@requirement("capacity.bottlenecks")
def test_the_end_of_scaling_is_told_with_its_range_and_what_was_observed(tmp_path: Path) -> None:
    """l=20, s=0.03, k=0.0005: the greatest throughput is 271.9/s at 44 in flight; up to 60 were seen."""
    load, latency = scaled(np.random.default_rng(5).uniform(2, 60, 20 * 24), 0.0005)
    files = {"/srv/load.csv": as_csv(load), "/srv/latency.csv": as_csv(latency), "/srv/use.csv": as_csv(load / 4)}
    report = plan(LATENCY, write_world(tmp_path / "w", at_hour(20 * 24), files))
    ends = [number(report, f"capacity.bend.{end}", "service:shop") for end in ("low95", "high95")]
    assert ends[0] * 0.98 <= 271.9 <= ends[1] * 1.02
    said = " ".join(each.says for each in report.passes if each.code == "bottlenecks")
    assert "throughput ends at" in said and "were observed" in said


def test_no_bend_is_claimed_where_none_was_seen(tmp_path: Path) -> None:
    """Up to six in flight the law looks like a line."""
    load, latency = scaled(np.random.default_rng(5).uniform(1, 6, 20 * 24), 0.0)
    files = {"/srv/load.csv": as_csv(load), "/srv/latency.csv": as_csv(latency), "/srv/use.csv": as_csv(load / 4)}
    report = plan(LATENCY, write_world(tmp_path / "w", at_hour(20 * 24), files))
    assert missing(report, "capacity.bend").detail.startswith(("no_bend", "narrow"))


@requirement("capacity.growth")
def test_users_and_use_per_user_are_told_apart(tmp_path: Path) -> None:
    """Sixty requests a second from thirty users are two a user."""
    toml = TOML + '[[history]]\nsubject = "service:shop"\nquantity = "service.users"\ncsv = "/srv/users.csv"\n'
    load = made(30, level=60.0)
    files = {"/srv/load.csv": as_csv(load), "/srv/use.csv": as_csv(load / 2), "/srv/users.csv": as_csv(load / 2)}
    report = plan(toml, write_world(tmp_path / "w", at_hour(30 * 24), files))
    assert number(report, "service.load_per_user", "service:shop") == pytest.approx(2.0, rel=1e-3)
    assert any(each.subject == "series:service.users@service:shop" for each in report.passes)


@requirement("capacity.bottlenecks")
@pytest.mark.parametrize(("limit", "likely"), [(85, True), (90, False)])
def test_a_limit_without_a_date_is_no_calm(limit: int, likely: bool, tmp_path: Path) -> None:
    """A wild series: no date, yet what most paths reach is a finding, what some reach is unknown; never a pass."""
    toml = CPU + f"limit = {limit}\n"
    values = made(90, growth_per_day=0.12, noise=5.0, seed=4, level=50.0)
    report = plan(toml, write_world(tmp_path / "w", at_hour(90 * 24), {"/srv/cpu.csv": as_csv(values)}), horizon=45)
    about = "series:cpu.utilisation@host:web-1"
    assert number(report, "capacity.limit", about) == limit
    assert missing(report, "forecast.breach.middle").detail.startswith("wide")
    found = [each for each in report.findings if (each.code, each.subject) == ("bottlenecks", about)]
    unknown = [each for each in report.unknowns if (each.code, each.subject) == ("bottlenecks", about)]
    assert (len(found), len(unknown)) == ((1, 0) if likely else (0, 1))
    assert all("of the simulated paths reach the limit" in each.says for each in [*found, *unknown])
