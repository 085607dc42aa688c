"""`infra-maintainer assess`: every job there is on one page, the worst one's exit code."""

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
    """Print one page, or with --detail or --json each job's whole report."""
    from infra_maintainer.cli import job
    from infra_maintainer.report.page import render_page
    from infra_maintainer.report.text import exit_code
    from infra_maintainer.tools.all_jobs import JOBS

    if options.detail or options.json:
        codes = [job.run(options, each, options.url) for each in JOBS.values()]
        return 1 if 1 in codes else max(codes)
    reports = [job.measure(options, each, options.url) for each in JOBS.values()]
    codes = [exit_code(report) for report in reports]
    code = 1 if 1 in codes else max(codes)
    colour, width = job.paper()
    print(render_page(reports, colour=colour, width=width).rstrip(), f"Exit {code}.")
    return code
