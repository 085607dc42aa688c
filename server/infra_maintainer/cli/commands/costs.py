"""`infra-maintainer costs [--idea TEXT]`: what is waste, what must stay, what should be spent."""

import argparse

from infra_maintainer.cli.command import Commands

HANDED_OUT = ("athena", "bigquery", "databricks", "snowflake")


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from infra_maintainer.cli.job import add_options

    parser = commands.add_parser(
        "costs", help="what does it cost? Waste proven, savings refused, bills and this machine"
    )
    parser.add_argument("--idea", metavar="TEXT", help="judge a proposed saving, such as 'drop the read replica'")
    parser.add_argument(
        "--sql",
        choices=HANDED_OUT,
        help="print the queries to run in a warehouse; save the answers for [[bill]] results",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the cost report, or the queries."""
    if options.sql is not None:
        return _print_queries(options.sql)
    from infra_maintainer.cli import job
    from infra_maintainer.tools.costs import audit_costs

    return job.run(options, lambda kit, world, urls, progress: audit_costs(kit, world, options.idea, progress), [])


def _print_queries(dialect: str) -> int:
    from infra_maintainer.bills.questions import handed_out

    for name, text in handed_out(dialect).items():
        print(f"-- {name}.csv\n{text}")
    return 0
