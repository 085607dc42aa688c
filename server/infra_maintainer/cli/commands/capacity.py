"""`infra-maintainer capacity`: will it hold, for how long, what breaks first; `--score` says how right we were."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra_maintainer.cli.command import Commands

if TYPE_CHECKING:
    from infra_maintainer.tools.outlooks import Outlooks


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from infra_maintainer.cli.job import add_options

    parser = commands.add_parser("capacity", help="will it hold? Forecast, spike, loss of one, bottlenecks")
    parser.add_argument("--spike", type=float, metavar="X", help="a spike you expect, in times the measured peak")
    parser.add_argument("--horizon", type=float, metavar="DAYS", help="days ahead (default: the policy's)")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the forecast that breaks first: .svg or .png")
    parser.add_argument("--score", action="store_true", help="only say how right earlier forecasts were")
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the plan, or the scores; draw the chart when asked."""
    from infra_maintainer.cli import job
    from infra_maintainer.report.text import exit_code
    from infra_maintainer.tools.capacity import draft_capacity_plan
    from infra_maintainer.tools.outlooks import Outlooks

    form = options.chart.suffix.lstrip(".") if options.chart else "svg"
    if form not in ("svg", "png"):
        raise ValueError(f"--chart {options.chart}: name a file that ends in .svg or .png")
    kit = job.kit_of(options)
    outlooks = Outlooks()
    report = draft_capacity_plan(
        kit,
        kit.world(options.time_limit),
        [],
        spike_multiple=options.spike,
        horizon_days=options.horizon,
        outlooks=outlooks,
    )
    if options.score:
        (line,) = [each for each in report.plan.lines if each.field == "forecasts_before"]
        print("\n".join([*line.says, *([f"[{' '.join(line.evidence)}]"] if line.evidence else [])]))
        return {"ok": 0, "finding": 1, "unknown": 2}[line.outcome]
    job.show(report, options)
    if options.chart is not None:
        _draw(options.chart, form, outlooks)
    return exit_code(report)


def _draw(file: Path, form: str, outlooks: "Outlooks") -> None:
    """Write the picture, or say on stderr why there is none: the plan stands without it."""
    from infra_maintainer.tools.capacity_chart import draw, most_urgent

    try:
        picture = draw(*most_urgent(outlooks.seen), form=form)
    except ValueError as reason:
        print(f"infra-maintainer: no picture: {reason}", file=sys.stderr)
        return
    try:
        file.write_bytes(picture)
    except OSError as error:
        print(
            f"infra-maintainer: no picture: {file}: {error.strerror}; name a file that may be written", file=sys.stderr
        )
