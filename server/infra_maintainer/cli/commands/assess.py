"""`infra-maintainer assess`: every job there is, one after the other, the worst one's exit code."""

import argparse

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from infra_maintainer.cli.job import add_options

    parser = commands.add_parser("assess", help="all jobs on one page")
    parser.add_argument("url", nargs="*", help="addresses to measure")
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print each job's report."""
    from infra_maintainer.cli import job
    from infra_maintainer.tools.all_jobs import JOBS

    codes = [job.run(options, each, options.url) for each in JOBS.values()]
    return 1 if 1 in codes else max(codes)
