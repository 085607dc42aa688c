"""Every number in a plan's sentences passes our own verify_answer, in worlds of every kind."""

from pathlib import Path

import numpy as np
import pytest

from infra_maintainer.answer.verify import verify
from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import run_for
from tests.capacity.test_refusals_in_the_plan import LATENCY, TOML, scaled
from tests.capacity.worlds import as_csv, at_hour, plan, write_world
from tests.forecast.made_series import made

CPU = '[[history]]\nsubject = "host:web-1"\nquantity = "cpu.utilisation"\ncsv = "/srv/cpu.csv"\n'
QUOTA = '[[quota]]\nname = "seats"\nlimit = 100\nused = 91\ndeclared_on = 2026-03-01\n'


def worlds() -> dict[str, tuple[str, dict[str, str], int]]:
    """What is declared, the files, and how many hours after the start it is."""
    stepped = made(60)
    stepped[-5 * 24 :] += 25
    load = made(30, level=60.0, noise=4.0)
    bent, latency = scaled(np.random.default_rng(5).uniform(2, 60, 480), 0.0005)
    demand = {"/srv/load.csv": as_csv(load), "/srv/use.csv": as_csv(4 + 0.5 * load)}
    bend = {"/srv/load.csv": as_csv(bent), "/srv/latency.csv": as_csv(latency), "/srv/use.csv": as_csv(bent / 4)}
    wild = made(90, growth_per_day=0.12, noise=5.0, seed=4, level=50.0)
    return {
        "growth": (CPU, {"/srv/cpu.csv": as_csv(made(90, growth_per_day=0.3, seed=11))}, 90 * 24),
        "step": (CPU, {"/srv/cpu.csv": as_csv(stepped)}, 60 * 24),
        "ten days": (CPU, {"/srv/cpu.csv": as_csv(made(10))}, 240),
        "wild": (CPU, {"/srv/cpu.csv": as_csv(wild)}, 90 * 24),
        "demand": (TOML, demand, 30 * 24),
        "bend": (LATENCY, bend, 480),
        "quota": (QUOTA, {}, 0),
    }


@pytest.mark.parametrize("name", worlds())
def test_nothing_the_plan_says_is_unsupported_or_contradicted(name: str, tmp_path: Path) -> None:
    """Form, findings, passes and unknowns as one free text, scanned as an answer of a stranger would be."""
    toml, files, hour = worlds()[name]
    faults = unproved(plan(toml, write_world(tmp_path / "w", at_hour(hour), files), horizon=90), toml)
    assert faults == []


def test_how_right_we_were_is_proved_too(tmp_path: Path) -> None:
    """The second plan over the same store."""
    toml = '[[history]]\nsubject = "service:shop"\nquantity = "service.load"\ncsv = "/srv/load.csv"\n'
    values = made(120, seed=21)
    for day in (90, 120):
        world = write_world(tmp_path / f"day{day}", at_hour(day * 24), {"/srv/load.csv": as_csv(values[: day * 24])})
        report = plan(toml, world, tmp_path / "store.db", horizon=30)
    assert any(each.code == "forecasts_before" for each in report.passes)
    assert unproved(report, toml) == []


def unproved(report: CapacityReport, toml: str) -> list[tuple[str, str]]:
    """Numbers of the plan's sentences that its evidence does not carry."""
    said = [says for line in report.plan.lines for says in line.says] + [report.plan.answer]
    said += [each.says for each in [*report.findings, *report.passes, *report.unknowns]]
    found = verify("\n".join(f"- {each}" for each in said), run_for(Kit(parse_system(toml), None), [report]))
    return [(each.text, each.says) for each in found.numbers if each.status in ("unsupported", "contradicted")]
