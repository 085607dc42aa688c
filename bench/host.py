"""Time of a full probe of this machine: every source of health, at the same time and one after the other.

    python bench/host.py [--quick]

The goal is a report in less than 10 s. Each source's own time is measured alone; the probe runs them together, so that
it takes about as long as its slowest. CPU is what the probe itself uses: what measuring costs the machine it measures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools")]

from infra_maintainer.evidence.model import Missing  # noqa: E402 - the path comes first
from infra_maintainer.sources.gather import gather  # noqa: E402
from infra_maintainer.sources.registry import sources_for  # noqa: E402
from infra_maintainer.sources.survey import Survey  # noqa: E402
from infra_maintainer.system.system import System  # noqa: E402
from infra_maintainer.tools.health import probe_health  # noqa: E402
from infra_maintainer.tools.kit import Kit  # noqa: E402
from infra_maintainer.world.world import LiveWorld  # noqa: E402

GOAL_S = 10.0


def alone() -> list[tuple[str, float, int, int]]:
    """Name, wall seconds, values and gaps of each source by itself; sources of declared things have nothing to do."""
    rows: list[tuple[str, float, int, int]] = []
    for each in sources_for("health"):
        if each.subjects is not None:
            continue
        begun = time.perf_counter()
        evidence = gather((each,), Survey(LiveWorld(), System()))
        gaps = sum(isinstance(record, Missing) for record in evidence)
        rows.append((each.name, time.perf_counter() - begun, len(evidence) - gaps, gaps))
    return sorted(rows, key=lambda row: -row[1])


def together(runs: int) -> tuple[list[float], list[float], int, int]:
    """Wall and CPU seconds of whole probes, and what the last one planned and checked."""
    wall: list[float] = []
    cpu: list[float] = []
    planned = checked = 0
    for _ in range(runs):
        begun, worked = time.perf_counter(), time.process_time()
        report = probe_health(Kit(System(), None), LiveWorld(), [])
        wall.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - worked)
        planned, checked = report.coverage.planned, report.coverage.checked
    return wall, cpu, planned, checked


def main() -> None:
    """Print the table, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three probes instead of ten")
    runs = 3 if parser.parse_args().quick else 10
    rows = alone()
    wall, cpu, planned, checked = together(runs)
    print(f"{'source (alone)':<24}{'wall s':>8}{'values':>8}{'missing':>9}")
    for name, seconds, values, gaps in rows:
        print(f"{name:<24}{seconds:>8.2f}{values:>8}{gaps:>9}")
    print(f"\n{'full probe':<24}{'median':>8}{'worst':>8}   of {runs} runs; goal: below {GOAL_S:g} s")
    print(f"{'wall s':<24}{statistics.median(wall):>8.2f}{max(wall):>8.2f}")
    print(f"{'CPU s':<24}{statistics.median(cpu):>8.2f}{max(cpu):>8.2f}")
    print(f"checked {checked} of {planned} planned\n")
    figures = {
        "probe_wall_s_median": round(statistics.median(wall), 3),
        "probe_wall_s_max": round(max(wall), 3),
        "probe_cpu_s_median": round(statistics.median(cpu), 3),
        "sum_alone_s": round(sum(row[1] for row in rows), 3),
        "goal_s": GOAL_S,
        "planned": planned,
        "checked": checked,
        "runs": runs,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
