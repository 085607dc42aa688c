"""`infra-maintainer health [URL …]`: what users feel, then what explains it."""

import argparse

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from infra_maintainer.cli.job import add_options

    parser = commands.add_parser("health", help="is it healthy? This machine, the declared system, any URL given")
    parser.add_argument("url", nargs="*", help="addresses to measure, such as https://shop.example/")
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the health report."""
    from infra_maintainer.cli import job
    from infra_maintainer.tools.health import probe_health

    return job.run(options, probe_health, options.url)
