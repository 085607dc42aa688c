"""Forecasts against AutoETS, AutoARIMA, MSTL and Prophet: last quarter held out, one table.

    python bench/forecast.py [FOLDER] [--quick] [--rivals PYTHON] [--cache FILE]

FOLDER holds the public families (azure_*_hourly.csv.gz, nab/*.csv.gz, ett_*.csv.gz); without it seeded series are made.
The rivals live in an environment of their own:

    python3 -m venv /tmp/forecast-rivals
    /tmp/forecast-rivals/bin/pip install statsforecast prophet pandas

How the method was chosen: only the first three quarters of each series were looked at, cut again at 70, 85 and 100 %
of their length, the last quarter of each cut serving as its test. Candidates, their number, the trend's threshold and
the three constants of the intervals come from there.

Errors and interval scores are divided by the mean absolute error of "as one day before" within the known part.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(Path(__file__).parent)]

import numpy as np  # noqa: E402 - the path comes first
from forecast_series import Series, load, seeded  # noqa: E402

from infra_maintainer.forecast.method import robust_seasonal  # noqa: E402
from infra_maintainer.forecast.outlook import look_ahead  # noqa: E402
from infra_maintainer.forecast.peaks import weekly_peaks  # noqa: E402
from infra_maintainer.forecast.refusals import after_step, before_forecast  # noqa: E402
from infra_maintainer.forecast.scores import (  # noqa: E402
    coverage,
    interval_score,
    mean_absolute_error,
    seasonal_scale,
)
from infra_maintainer.forecast.series import Cleaned  # noqa: E402

OURS = "infra-maintainer"
RIVALS = ("AutoETS", "AutoARIMA", "MSTL", "Prophet")
SLOW = "AutoARIMA"
WEEK_H = 168
QUICK_EVERY = 9
QUICK_LIMIT_S = 9


class Score(NamedTuple):
    """One method on one series."""

    error: float
    cover80: float
    cover95: float
    interval80: float
    interval95: float
    seconds: float


def score(series: Series, answer: dict[str, list[float]], seconds: float) -> Score | None:
    """The scores of one answer, or None for a series that has no scale (a constant)."""
    scale, truth = seasonal_scale(series.known), series.held_out
    if not np.isfinite(scale) or not np.isfinite(truth).any():
        return None
    mean, low80, high80, low95, high95 = (np.asarray(answer[name]) for name in ("mean", "lo80", "hi80", "lo95", "hi95"))
    return Score(
        mean_absolute_error(truth, mean) / scale,
        coverage(truth, low80, high80),
        coverage(truth, low95, high95),
        interval_score(truth, low80, high80, 0.80) / scale,
        interval_score(truth, low95, high95, 0.95) / scale,
        seconds,
    )


def ours(series: Series) -> tuple[dict[str, list[float]], float]:
    """Our forecast of the held-out quarter and the seconds it took."""
    known = series.known
    upper = 100.0 if series.family.startswith("azure") else None
    begin = time.perf_counter()
    made = robust_seasonal(known, len(series.held_out), 0.0 if np.nanmin(known) >= 0 else None, upper)
    seconds = time.perf_counter() - begin
    names = {"mean": made.point, "lo80": made.low80, "hi80": made.high80, "lo95": made.low95, "hi95": made.high95}
    return {name: list(values) for name, values in names.items()}, seconds


def ask_rival(python: str, model: str, folder: str, keys: list[str], cache: Path, limit_s: float | None) -> None:
    """Lets one rival forecast the series that the cache lacks; what it finished in time is kept."""
    known = {(row["model"], row["key"]) for row in read(cache)}
    missing = [key for key in keys if (model, key) not in known]
    if not missing:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json") as names:
        json.dump(missing, names)
        names.flush()
        command = [python, str(Path(__file__).parent / "forecast_rivals.py"), model, folder, names.name, str(cache)]
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            subprocess.run(command, env={**os.environ, **threads}, stderr=subprocess.DEVNULL, timeout=limit_s)
        except subprocess.TimeoutExpired:
            print(f"{model}: stopped after {limit_s} s", file=sys.stderr)


def read(cache: Path) -> list[dict]:
    """The rivals' answers so far."""
    return [json.loads(line) for line in cache.read_text().splitlines()] if cache.exists() else []


def summary(scores: list[Score], beside: list[Score]) -> dict[str, float | int]:
    """Medians and means of one method; `beside` are our scores on the same series."""
    table = np.array(scores)
    own = np.array(beside)
    return {
        "series": len(scores),
        "median_error": round(float(np.median(table[:, 0])), 3),
        "cover80": round(float(table[:, 1].mean()), 3),
        "cover95": round(float(table[:, 2].mean()), 3),
        "interval_score80": round(float(table[:, 3].mean()), 2),
        "interval_score95": round(float(table[:, 4].mean()), 2),
        "s_per_series": round(float(table[:, 5].mean()), 4),
        "ours_median_error_same_series": round(float(np.median(own[:, 0])), 3),
        "ours_interval_score80_same_series": round(float(own[:, 3].mean()), 2),
        "ours_interval_score95_same_series": round(float(own[:, 4].mean()), 2),
    }


def refused(chosen: list[Series]) -> dict[str, int]:
    """How many of these series the product would refuse to forecast, by reason (they are scored all the same)."""
    counts: dict[str, int] = defaultdict(int)
    for series in chosen:
        known = Cleaned(0, UTC, series.known, series.known, len(series.known), ())
        reason = before_forecast(known, 100.0 if series.family.startswith("azure") else None)
        if reason is None:
            _, reason = after_step(known)
        counts[reason.code if reason else "forecast"] += 1
    return dict(counts)


def peaks_covered(chosen: list[Series]) -> tuple[int, float]:
    """Weekly peaks that came, and the share of them inside the 80 % interval forecast from past weekly peaks."""
    hits: list[bool] = []
    for series in chosen:
        weeks = len(series.held_out) // WEEK_H
        made = weekly_peaks(series.known, weeks, 0.0, None)
        if made is None:
            continue
        held = series.held_out[: weeks * WEEK_H].reshape(weeks, WEEK_H)
        whole = np.isfinite(held).all(axis=1)
        truth = held[whole].max(axis=1)
        hits += list((truth >= made.low80[whole]) & (truth <= made.high80[whole]))
    return len(hits), float(np.mean(hits)) if hits else float("nan")


def dates_covered(count: int) -> tuple[int, float, float]:
    """Dates told for made series of known growth, and the shares of true dates inside the 80 and 95 % ranges."""
    told, in80, in95 = 0, 0, 0
    for seed in range(count):
        generator = np.random.default_rng(1000 + seed)
        hours = np.arange(135 * 24)
        noise = np.zeros(len(hours))
        for hour in range(1, len(hours)):
            noise[hour] = 0.8 * noise[hour - 1] + generator.normal(0, 1.5)
        growth = generator.uniform(0.15, 0.4)
        values = 40 + 8 * np.sin(2 * np.pi * hours / 24) + growth * hours / 24 + noise
        known, truth = values[: 90 * 24], values[90 * 24 :]
        limit = float(known[-WEEK_H:].max() + growth * generator.uniform(5, 35))
        history = Cleaned(0, UTC, known, known, len(known), ())
        breach = look_ahead(history, horizon_h=len(truth), limit=limit, ceiling=None).breach
        if breach is None:
            continue
        never = len(truth)
        came = int(np.argmax(truth >= limit)) if (truth >= limit).any() else never
        early95, early80, late80, late95 = (
            never if hour is None else hour for hour in (breach.early95, breach.early80, breach.late80, breach.late95)
        )
        told += 1
        in80 += early80 <= came <= late80
        in95 += early95 <= came <= late95
    return told, in80 / max(told, 1), in95 / max(told, 1)


def time_90_days() -> float:
    """CPU seconds for 90 days of hours and a horizon of 45: the median of five runs, whatever else the machine does."""
    series = seeded(count=1, days=90)[0]
    runs = []
    for _ in range(5):
        begin = time.process_time()
        robust_seasonal(series.values, 45 * 24, 0.0, 100.0)
        runs.append(time.process_time() - begin)
    return float(np.median(runs))


HEAD = (
    "family           method            series  med.err  cover80  cover95   IS80    IS95   s/series"
    "   ours on the same: med.err  IS80   IS95"
)


def main() -> None:
    """Prints the table and, as its last line, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="the folder with the public families; none: seeded series")
    parser.add_argument("--quick", action="store_true", help=f"every {QUICK_EVERY}th series, at most 50 s")
    parser.add_argument("--rivals", metavar="PYTHON", help="the interpreter that has statsforecast and prophet")
    parser.add_argument("--cache", type=Path, help="file that keeps the rivals' answers between runs")
    options = parser.parse_args()
    every = load(Path(options.folder)) if options.folder else seeded()
    chosen = every[::QUICK_EVERY] if options.quick and options.folder else every
    keyed = {f"{series.family}/{series.name}": series for series in chosen}
    scores: dict[str, dict[str, Score]] = defaultdict(dict)
    for key, series in keyed.items():
        answer, seconds = ours(series)
        if (own := score(series, answer, seconds)) is not None:
            scores[OURS][key] = own
    failed: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as scratch:
        cache = options.cache or Path(scratch) / "answers.jsonl"
        if options.rivals:
            for model in RIVALS:
                if options.quick and model == SLOW:
                    print(f"{SLOW}: not asked anew with --quick (seconds per series); cached answers are used")
                    continue
                limit = QUICK_LIMIT_S if options.quick else None
                ask_rival(options.rivals, model, options.folder or "-", list(keyed), cache, limit)
        for row in read(cache):
            if row["key"] not in scores[OURS]:
                continue
            if "failed" in row:
                failed[row["model"]] += 1
                continue
            if (rival := score(keyed[row["key"]], row, row["seconds"])) is not None:
                scores[row["model"]][row["key"]] = rival
    if len(scores) == 1:
        print(
            "no rival was asked; to compare:\n" + (__doc__ or "").split("environment of their own:")[1].split("How")[0]
        )
    weeks, share = peaks_covered(chosen)
    if weeks:
        print(f"weekly peaks: {weeks} whole weeks came, {share:.0%} inside the 80 % interval of their forecast")
    asked = 16 if options.quick else 40
    told, in80, in95 = dates_covered(asked)
    print(f"dates of a limit: {told} of {asked} told, {in80:.0%} in the 80 % range, {in95:.0%} in the 95 % range")
    report(scores, failed, refused(chosen), options)


def report(
    scores: dict[str, dict[str, Score]],
    failed: dict[str, int],
    reasons: dict[str, int],
    options: argparse.Namespace,
) -> None:
    """The table for people, then the same as one line of JSON."""
    families = sorted({key.split("/")[0] for key in scores[OURS]})
    figures: dict[str, dict[str, dict[str, float | int]]] = {}
    print(HEAD)
    for family in [*families, "all"]:
        figures[family] = {}
        for method in (OURS, *RIVALS):
            keys = [key for key in scores.get(method, {}) if family in ("all", key.split("/")[0])]
            if not keys:
                continue
            row = summary([scores[method][key] for key in keys], [scores[OURS][key] for key in keys])
            figures[family][method] = row
            print(
                f"{family:16} {method:17} {row['series']:6}  {row['median_error']:7.3f}  {row['cover80']:7.3f}  "
                f"{row['cover95']:7.3f}  {row['interval_score80']:6.2f}  {row['interval_score95']:6.2f}  "
                f"{row['s_per_series']:8.4f}   {row['ours_median_error_same_series']:25.3f}  "
                f"{row['ours_interval_score80_same_series']:5.2f}  {row['ours_interval_score95_same_series']:5.2f}"
            )
    seconds = time_90_days()
    print(f"90 days hourly, 45 ahead: {seconds * 1000:.0f} ms CPU   not finished or failed: {dict(failed) or 'none'}")
    print(f"all are scored; the product itself would have said of the {sum(reasons.values())}: {reasons}")
    print(
        json.dumps(
            {
                "bench": "forecast",
                "data": options.folder or "seeded",
                "quick": options.quick,
                "families": figures,
                "seconds_90_days_hourly": round(seconds, 4),
                "failed": failed,
                "product_would_say": reasons,
            }
        )
    )


if __name__ == "__main__":
    main()
