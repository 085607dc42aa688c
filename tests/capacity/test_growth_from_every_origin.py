"""A known growth of ninety days: the true date of the limit lies in the range, whatever kept the history."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.evidence.store import Store
from infra_maintainer.evidence.watched import Reading, Watched
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.capacity import draft_capacity_plan
from infra_maintainer.tools.kit import Kit
from tests.capacity.worlds import START, as_csv, at_hour, plan, values_by_id, write_world
from tests.forecast.made_series import Floats, made
from tests.requirements_link import requirement
from tests.services.prometheus import openmetrics, prometheus, samples

DAYS = 90
VALUES = made(140, growth_per_day=0.3, seed=11)
KNOWN = VALUES[: DAYS * 24]
LIMIT = 80.0
TRUE_DAY = float((VALUES[DAYS * 24 :] >= LIMIT).argmax()) / 24
"""Days after the end of the history at which the series first touches the limit; within 45 days by construction."""


def check(report: CapacityReport, subject: str) -> None:
    """The true date lies in the 95 % range, and the plan says it as a finding with both ends of the 80 % range."""
    known = {
        each.quantity: float(each.value)
        for each in values_by_id(report).values()
        if each.subject == subject and each.quantity.startswith("forecast.") and each.unit != "text"
    }
    assert known["forecast.breach.early95"] <= TRUE_DAY + 1
    assert known.get("forecast.breach.late95", 45.0) >= TRUE_DAY - 1
    assert known["forecast.growth.low95"] < known["forecast.growth"] < known["forecast.growth.high95"]
    (finding,) = [each for each in report.findings if each.code == "bottlenecks" and each.subject == subject]
    assert "80 % range" in finding.says


def hourly_since(end: datetime, values: Floats) -> list[tuple[float, float]]:
    """The series as (epoch seconds, value), its last hour ending at `end`."""
    begin = end - timedelta(hours=len(values))
    return [(begin.timestamp() + 3600 * hour, float(value)) for hour, value in enumerate(values.tolist())]


def test_the_series_does_reach_the_limit_in_time() -> None:
    """The oracle itself: neither at once nor after the horizon."""
    assert 5 < TRUE_DAY < 45


@requirement("capacity.bottlenecks", "capacity.growth")
def test_from_a_csv_file(tmp_path: Path) -> None:
    """A declared history of the CPU of a host."""
    toml = '[[history]]\nsubject = "host:web-1"\nquantity = "cpu.utilisation"\ncsv = "/srv/cpu.csv"\n'
    world = write_world(tmp_path / "w", at_hour(DAYS * 24), {"/srv/cpu.csv": as_csv(KNOWN)})
    check(plan(toml, world, horizon=45), "series:cpu.utilisation@host:web-1")


def test_from_sysstat_archives(tmp_path: Path) -> None:
    """Ninety day files in the form that `sadf -j` of sysstat 12.6 prints, at ten-minute steps."""
    names = [f"sa{(START + timedelta(days=day)):%Y%m%d}" for day in range(DAYS)]
    calls: list[tuple[str, object, object]] = [("list", ["/var/log/sysstat"], names)]
    for day, name in enumerate(names):
        rows = []
        for step in range(144):
            at = START + timedelta(days=day, minutes=10 * step)
            busy = float(KNOWN[day * 24 + step // 6])
            cpu = {"cpu": "all", "user": busy, "system": 0.0, "iowait": 1.0, "steal": 0.0, "idle": 99.0 - busy}
            stamp = {"date": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M:%S}", "utc": 1, "interval": 600}
            rows.append({"timestamp": stamp, "cpu-load": [cpu]})
        text = json.dumps({"sysstat": {"hosts": [{"nodename": "web-1", "statistics": rows}]}})
        output = {"stdout": text, "stderr": "", "code": 0}
        calls.append(("run", ["sysstat_day", f"/var/log/sysstat/{name}"], output))
    world = write_world(tmp_path / "w", at_hour(DAYS * 24), {}, calls)
    check(plan("", world, horizon=45), "series:cpu.utilisation@host:web-1")


def test_from_samples_of_our_own_sampler(tmp_path: Path) -> None:
    """The store of `infra-maintainer watch`: a day of minutes at a time, rolled up and dropped as it does itself."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    tables = Watched(tmp_path / "store.db")
    host = f"host:{os.uname().nodename}"
    for at, value in hourly_since(end, KNOWN):
        for minute in range(0, 60, 10):
            tables.keep(int(at) + 60 * minute, [Reading("cpu.utilisation", host, value)])
        if int(at) % 86400 == 0:
            tables.roll_up(int(at))
    tables.roll_up(int(end.timestamp()))
    tables.close()
    kit = Kit(parse_system(""), Store(tmp_path / "store.db"))
    report = draft_capacity_plan(kit, kit.world(60.0), [], horizon_days=45)
    check(report, f"series:cpu.utilisation@{host}")
    week = float(KNOWN[-168:].mean())
    (line,) = [each for each in report.plan.lines if each.field == "current"]
    (now,) = [says for says in line.says if says.startswith("CPU of ")]
    assert float(now.split("average ")[1].split(" %")[0]) == pytest.approx(week, rel=0.02)  # not that of this second


def test_after_a_resize_the_samples_before_it_do_not_count(tmp_path: Path) -> None:
    """From two to four cores thirty days ago: thirty days of history are left, and the plan says why."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    tables = Watched(tmp_path / "store.db")
    host = f"host:{os.uname().nodename}"
    resized = end.timestamp() - 30 * 86400
    for at, value in hourly_since(end, made(90, seed=4)):
        cores = 4.0 if at >= resized else 2.0
        up = Reading("uptime", host, at - resized if at >= resized else at - resized + 1e7)
        tables.keep(int(at), [Reading("cpu.utilisation", host, value), Reading("cpu.cores.usable", host, cores), up])
    tables.close()
    kit = Kit(parse_system(""), Store(tmp_path / "store.db"))
    report = draft_capacity_plan(kit, kit.world(60.0), [], horizon_days=10)
    known = {each.quantity: each.value for each in values_by_id(report).values() if each.subject.endswith(host)}
    assert float(known["forecast.history"]) == pytest.approx(30, abs=0.1)
    assert "cpu.cores.usable changed on" in str(known["forecast.history.notes"])
    assert "the machine restarted 1 times" in str(known["forecast.history.notes"])


def test_from_a_real_prometheus() -> None:
    """Ninety days backfilled by promtool as a counter of busy seconds, read back through rate()."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    total, points = 0.0, []
    for at, value in hourly_since(end, KNOWN):
        for minute in range(0, 60, 15):
            points.append((at + 60 * minute, total))
            total += value / 100 * 900
    text = openmetrics(
        ("node_busy_seconds", "counter", samples("node_busy_seconds_total", {"instance": "web-1"}, points))
    )
    with prometheus(text) as server:
        query = "100 * sum(rate(node_busy_seconds_total[1h]))"
        toml = (
            '[[history]]\nsubject = "host:web-1"\nquantity = "cpu.utilisation"\n'
            f'prometheus = "{server.url}"\nquery = "{query}"\n'
        )
        kit = Kit(parse_system(toml), None)
        report = draft_capacity_plan(kit, kit.world(60.0), [], horizon_days=45)
        check(report, "series:cpu.utilisation@host:web-1")
        said = server.promtool(query, at=end.timestamp() - 1800)
    near = float(KNOWN[-1])
    assert float(said.split("=>")[1].split("@")[0]) == pytest.approx(near, rel=0.2)


def test_prometheus_refusals_are_told_with_the_step(tmp_path: Path) -> None:
    """Two series, no series, a wrong expression, nobody there: each a reason of its own, never a zero."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    points = [(end.timestamp() - 600 * step, 1.0) for step in range(20, 0, -1)]
    lines = samples("up", {"instance": "a"}, points) + samples("up", {"instance": "b"}, points)
    whys: dict[str, tuple[str, str]] = {}
    with prometheus(openmetrics(("up", "gauge", lines))) as server:
        for query, url in (
            ("up", server.url),
            ("nothing", server.url),
            ("sum(", server.url),
            ("up", "http://127.0.0.1:9"),
        ):
            toml = (
                '[[history]]\nsubject = "service:shop"\nquantity = "service.load"\n'
                f'prometheus = "{url}"\nquery = "{query}"\n'
            )
            kit = Kit(parse_system(toml), None)
            report = draft_capacity_plan(kit, kit.world(60.0), [])
            (missing,) = [each for each in report.coverage.not_checked if each.quantity == "service.load"]
            whys[f"{query} {url == server.url}"] = (missing.why, missing.how)
    assert whys["up True"][0] == "error" and "aggregate" in whys["up True"][1]
    assert whys["nothing True"][0] == "no_data"
    assert whys["sum( True"][0] == "error"
    assert whys["up False"][0] == "unreachable"
