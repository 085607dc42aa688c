"""Forecasts are kept, scored when their hours come, and the next plan says how right they were."""

import json
from pathlib import Path

import pytest

from infra_maintainer.assess.model import report_from
from infra_maintainer.cli.main import main
from infra_maintainer.evidence.store import Store
from tests.capacity.worlds import as_csv, at_hour, number, plan, write_world
from tests.forecast.made_series import made
from tests.requirements_link import requirement

TOML = '[[history]]\nsubject = "service:shop"\nquantity = "service.load"\ncsv = "/srv/load.csv"\n'
SERIES = "series:service.load@service:shop"
VALUES = made(120, seed=21)


def world_at(folder: Path, day: int) -> Path:
    """The same world as it is after so many days."""
    return write_world(folder / f"day{day}", at_hour(day * 24), {"/srv/load.csv": as_csv(VALUES[: day * 24])})


@requirement("capacity.scored_later")
def test_a_forecast_of_a_replayed_world_is_scored_later_in_the_same_world(tmp_path: Path) -> None:
    """Made on day 90 for 30 days, scored on day 120: the hit rate is the one counted here by hand."""
    store = tmp_path / "store.db"
    first = plan(TOML, world_at(tmp_path, 90), store, horizon=30)
    assert first.plan.lines[0].field == "forecasts_before"
    assert first.plan.lines[0].says == [
        "unknown: How right earlier forecasts were is not known yet: none has come due."
    ]
    (record,) = [json.loads(line) for line in Store(store).ledger("forecasts")]
    assert record["method"] and record["history_hours"] == 90 * 24
    came = [float(VALUES[round((at - at_hour(0).timestamp()) / 3600)]) for at in record["at"]]
    hits = [low <= value <= high for value, low, high in zip(came, record["low80"], record["high80"], strict=True)]
    second = plan(TOML, world_at(tmp_path, 120), store, horizon=30)
    assert number(second, "forecast.hit_rate80", SERIES) == pytest.approx(100 * sum(hits) / len(hits), rel=1e-3)
    assert number(second, "forecast.scored", SERIES) == 1
    assert "1 earlier forecasts" in second.plan.lines[0].says[0]
    assert second.plan.lines[0].evidence


def test_one_forecast_a_day_is_kept(tmp_path: Path) -> None:
    """A plan asked every minute must not fill the ledger, nor weigh one day more than others."""
    store, world = tmp_path / "store.db", world_at(tmp_path, 90)
    for _ in range(3):
        plan(TOML, world, store, horizon=30)
    assert len(Store(store).ledger("forecasts")) == 1


def test_a_refusal_is_not_kept_as_a_forecast(tmp_path: Path) -> None:
    """Two days of history forecast nothing, so nothing can be scored."""
    store = tmp_path / "store.db"
    plan(TOML, world_at(tmp_path, 2), store)
    assert Store(store).ledger("forecasts") == []


def test_the_command_says_how_right_we_were(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`capacity --score` prints the line with its evidence and nothing else."""
    config, store = tmp_path / "infra.toml", tmp_path / "store.db"
    config.write_text(TOML)
    common = ["--config", str(config), "--store", str(store)]
    assert main(["capacity", *common, "--world", str(world_at(tmp_path, 90)), "--score"]) == 2
    assert "not known yet" in capsys.readouterr().out
    assert main(["capacity", *common, "--world", str(world_at(tmp_path, 110)), "--score"]) in (0, 1)
    out = capsys.readouterr().out
    assert "80 % interval held in" in out and "[ev_" in out and len(out.splitlines()) == 2


def test_a_kept_plan_can_be_verified_against_later(tmp_path: Path) -> None:
    """The typed section of a job does not stand in the way of reading the report back."""
    store = Store(tmp_path / "store.db")
    report = plan(TOML, world_at(tmp_path, 90), tmp_path / "store.db", horizon=30)
    kept = store.report(report.run)
    assert kept is not None and '"plan"' in kept
    again = report_from(kept)
    assert again.findings == report.findings and again.evidence == report.evidence


def test_the_mean_of_a_week_is_not_kept_as_one_more_reading(tmp_path: Path) -> None:
    """Checks of sustained use read the samples of minutes: a plan must not put its weekly mean among them."""
    store = Store(tmp_path / "store.db")
    plan(TOML, world_at(tmp_path, 90), tmp_path / "store.db", horizon=30)
    assert store.samples("service.load", "service:shop", at_hour(0)) == []
