"""`infra-maintainer doctor`: what can be reached from here and what not, source by source."""

import argparse
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("doctor", help="what can be reached from here and what not")
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml (default: ./infra.toml when it exists)")
    parser.add_argument("--store", type=Path, metavar="FILE", help="the store")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S", help="seconds for the whole run")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one line per source and the state of the store; 0 when all can be reached, else 2."""
    from infra_maintainer.cli import job
    from infra_maintainer.tools.doctor import examine

    limit_s = job.time_limit_s(options)
    with job.progress() as say:
        lines, complete = examine(job.config_of(options), options.store, limit_s, say)
    print("\n".join(lines))
    return 0 if complete else 2
