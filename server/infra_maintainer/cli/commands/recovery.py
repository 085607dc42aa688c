"""`infra-maintainer recovery`: would we get it back? `--drill NAME` restores for real, after a question."""

import argparse
import sys

from infra_maintainer.cli.command import Commands

QUESTION = """A restore drill of {names} will
  - fetch the newest copy into {scratch} (2.5 times its size must be free),
  - start a throw-away PostgreSQL there on a private socket as an ordinary user, restore and compare,
  - remove everything, and write the result into the store.
The repository and the living database are only read.
Go on? [y/N] """


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    from infra_maintainer.cli.job import add_options

    parser = commands.add_parser("recovery", help="would we get it back? Backups, restore drills, single points")
    add_options(parser)
    parser.add_argument("--drill", action="append", default=[], metavar="NAME", help="restore this backup for real")
    parser.add_argument("--yes", action="store_true", help="do not ask before a drill")
    parser.add_argument("--canary", action="store_true", help="damage the fetched copy: the drill must then fail")
    parser.add_argument("--target-time", metavar="TIME", help="restore to this moment (pgBackRest)")
    parser.add_argument("--plan", action="store_true", help="print the recovery plan as Markdown")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Drill what was named and confirmed, then print the report or the plan."""
    from infra_maintainer.cli import job
    from infra_maintainer.drill.record import DrillRecord
    from infra_maintainer.report.recovery_plan import render_plan
    from infra_maintainer.report.text import exit_code
    from infra_maintainer.tools.drill import chosen, drill_backups, moment_of
    from infra_maintainer.tools.recovery import run_dr_checklist

    kit = job.kit_of(options)
    drills: tuple[DrillRecord, ...] = ()
    moment = moment_of(options.target_time) if options.target_time else None
    if options.drill:
        names = [backup.name for backup in chosen(kit.system, options.drill)]
        if not _agreed(options, names, str(kit.system.recovery.scratch)):
            print("infra-maintainer: no drill was run: it was not confirmed", file=sys.stderr)
        else:
            world = kit.world(options.time_limit + kit.system.recovery.drill_limit_s * len(names))
            drills = drill_backups(kit, world, names, _say, canary=options.canary, target_time=moment)
    report = run_dr_checklist(kit, kit.world(options.time_limit), [], _say if sys.stderr.isatty() else None, drills)
    if options.plan:
        print(render_plan(report), end="")
    else:
        job.show(report, options)
    return exit_code(report)


def _agreed(options: argparse.Namespace, names: list[str], scratch: str) -> bool:
    """Yes by --yes or by a person at a terminal; a pipe without --yes is no."""
    if options.yes:
        return True
    if not sys.stdin.isatty():
        print("infra-maintainer: a drill needs --yes when nobody can be asked", file=sys.stderr)
        return False
    print(QUESTION.format(names=", ".join(names), scratch=scratch), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(message: str) -> None:
    print(f"{message} …", file=sys.stderr, flush=True)
