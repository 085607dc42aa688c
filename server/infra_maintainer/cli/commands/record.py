"""`infra-maintainer record DIR`: a redacted recording of what every job looks at, to replay with --world DIR."""

import argparse
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("record", help="write a redacted world that replays elsewhere")
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("url", nargs="*", help="addresses to measure")
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml (default: ./infra.toml when it exists)")
    parser.add_argument("--time-limit", type=float, default=120.0, metavar="S", help="seconds for the whole run")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Record, and say what is in the folder."""
    from infra_maintainer.cli import job
    from infra_maintainer.tools.record import record

    limit_s = job.time_limit_s(options)
    with job.progress() as say:
        calls = record(options.folder, job.config_of(options), options.url, limit_s, say)
    print(f"{options.folder}: {calls} calls recorded, redacted. Replay with: --world {options.folder}")
    return 0
