"""`infra-maintainer policy`: every rule that decides anything, with its value, severity and reason."""

import argparse
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("policy", help="the rules in force, and why")
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the rules."""
    from infra_maintainer.assess.policy import Policy
    from infra_maintainer.system.load import load_system

    policy = Policy(load_system(options.config).policy)
    changed = {each.policy for each in policy.overrides}
    for rule in policy.rules():
        mark = " (changed in infra.toml)" if rule.id in changed else ""
        print(f"{rule.id:<38} {rule.told}, {rule.severity}{mark}\n    {rule.reason}")
    return 0
