"""A year of fifty quantities: the file stays small and the plan from it fast."""

import os
import sqlite3
import time
from pathlib import Path

import numpy as np

from infra_maintainer.evidence.store import Store
from infra_maintainer.evidence.watched import HOUR_S, RAW_DAYS, Reading, Watched
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.capacity import draft_capacity_plan
from infra_maintainer.tools.kit import Kit
from tests.forecast.made_series import made

SERIES = 50
HOST = f"host:{os.uname().nodename}"


def year(path: Path) -> None:
    """What a year of minute samples leaves: hourly roll-ups, and the raw minutes that the retention keeps."""
    Watched(path).close()
    now = int(time.time()) // HOUR_S * HOUR_S
    names = ["cpu.utilisation", "memory.used", "disk.space.used", "disk.inodes.used", "files.open", "conntrack.used"]
    with sqlite3.connect(path) as db:
        for series in range(SERIES):
            quantity = names[series] if series < len(names) else f"extra.{series}"
            db.execute("insert into watch_series values (?, ?, ?)", (series, quantity, HOST))
            values = made(365, seed=series, growth_per_day=0.02)
            hours = (
                (series, (now - HOUR_S * (365 * 24 - i)) // HOUR_S, 60, v, v - 1, v + 1) for i, v in enumerate(values)
            )
            db.executemany("insert into watch_hour values (?, ?, ?, ?, ?, ?)", hours)
            minutes = np.repeat(values[-RAW_DAYS * 24 :], 60).tolist()
            raw = ((series, now - 60 * (len(minutes) - i), v) for i, v in enumerate(minutes))
            db.executemany("insert into watch_raw values (?, ?, ?)", raw)
    db.close()


def test_a_year_stays_under_two_hundred_megabytes_and_its_plan_under_three_seconds(tmp_path: Path) -> None:
    """CPU seconds, because the machine of the tests is shared; all six quantities that are forecast are there."""
    path = tmp_path / "store.db"
    year(path)
    assert path.stat().st_size < 200e6
    kit = Kit(parse_system(""), Store(path))
    begin = time.process_time()
    report = draft_capacity_plan(kit, kit.world(60.0), [])
    spent = time.process_time() - begin
    forecast = {each.subject for each in report.evidence if each.quantity == "forecast.use"}
    assert len(forecast) == 6
    assert spent < 3.0


def test_roll_ups_keep_mean_low_and_high_and_the_retention_drops_old_minutes(tmp_path: Path) -> None:
    """Ten days, rolled up as the sampler does: whole hours are exact, raw rows older than eight days gone."""
    tables = Watched(tmp_path / "store.db")
    start = 1_760_000_400 // HOUR_S * HOUR_S
    for minute in range(0, 10 * 1440, 5):
        at = start + 60 * minute
        tables.keep(at, [Reading("cpu.utilisation", HOST, float(minute % 60))])
        if at % HOUR_S == 0:
            tables.roll_up(at)
    last = start + 60 * (10 * 1440 - 5)
    tables.roll_up(last)
    rows = tables.read("cpu.utilisation", HOST, start)
    tables.close()
    with sqlite3.connect(tmp_path / "store.db") as db:
        hours = db.execute("select n, mean, low, high from watch_hour").fetchall()
        (oldest,) = db.execute("select min(at) from watch_raw").fetchone()
    db.close()
    assert len(hours) == 10 * 24 - 1
    assert set(hours) == {(12, 27.5, 0.0, 55.0)}
    assert oldest >= last - RAW_DAYS * 86400
    assert sum(row.seconds == 0 for row in rows) <= RAW_DAYS * 288
    covered = sum(row.seconds for row in rows) + 300 * sum(row.seconds == 0 for row in rows)
    assert covered == 10 * 86400
