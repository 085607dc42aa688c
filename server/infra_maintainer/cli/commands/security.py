"""`infra-maintainer security [URL …]`: the security baseline, item by item."""

import argparse

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from infra_maintainer.cli.job import add_options

    parser = commands.add_parser("security", help="is it safe? TLS, patches, rights, second factors, secrets, plans")
    parser.add_argument("url", nargs="*", help="addresses whose TLS to measure, such as https://shop.example/")
    parser.add_argument(
        "--exact", action="store_true", help="read the changelog of each pending fix (downloads it; give --time-limit)"
    )
    parser.add_argument(
        "--background", action="store_true", help="with --exact: in a process of its own; later reports tell and use it"
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the security report."""
    from functools import partial

    from infra_maintainer.cli import job
    from infra_maintainer.tools.security import check_security_baseline

    if options.background and not options.exact:
        raise ValueError("--background goes with --exact")
    return job.run(
        options, partial(check_security_baseline, exact=options.exact, background=options.background), options.url
    )
