"""`infra-maintainer watch`: sample this machine into the store at a steady pace, for forecasts later."""

import argparse
import os
import sys
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("watch", help="sample this machine into the store, for forecasts later")
    parser.add_argument("--store", type=Path, metavar="FILE", help="the store")
    parser.add_argument("--every", type=int, default=60, metavar="S", help="seconds between samples (default 60)")
    parser.add_argument("--for", dest="duration", type=float, metavar="S", help="stop after so many seconds")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Become the sampler: a fresh process image that has imported none of the rest."""
    from infra_maintainer.evidence.store import default_path

    argv = [sys.executable, "-m", "infra_maintainer.watch", "--store", str(options.store or default_path())]
    argv += ["--every", str(options.every)]
    if options.duration is not None:
        argv += ["--for", str(options.duration)]
    sys.stdout.flush()
    os.execv(sys.executable, argv)
