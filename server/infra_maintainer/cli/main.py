"""The command line. On a pipe without arguments it is the MCP server over stdio; on a terminal it says what it can do.

Exit codes: 0 all checked and healthy, 1 findings, 2 no findings but unknowns that matter, 3 we failed, 4 usage.
"""

import argparse
import logging
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from infra_maintainer.evidence.version import own_version

FAILED, USAGE = 3, 4


class Parser(argparse.ArgumentParser):
    """argparse with the exit code of the design."""

    def error(self, message: str) -> NoReturn:
        """One sentence, the way to the help, exit 4."""
        self.exit(USAGE, f"{self.prog}: {message}\nSee: {self.prog} --help\n")


def parser() -> Parser:
    """The parser with every command of the folder `commands`; each file adds its own."""
    top = Parser(
        prog="infra-maintainer",
        description="Measures before it speaks: health, capacity, cost, security and recovery. "
        "Reads; changes nothing. Says unknown when it could not measure.",
        epilog="exit codes: 0 healthy, 1 findings, 2 unknowns that matter, 3 we failed, 4 usage",
    )
    top.add_argument("--version", action="version", version=own_version())
    top.add_argument("--log", action="store_true", help="write a log of our own doings to stderr")
    commands = top.add_subparsers(metavar="COMMAND", parser_class=Parser)
    package = import_module("infra_maintainer.cli.commands")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}").add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given and not sys.stdin.isatty():
        given = ["serve"]
    top = parser()
    options = top.parse_args(given)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if options.log else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if not hasattr(options, "run"):
        top.print_help()
        return 0
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    """The command's own exit code; the caller's mistakes are usage, anything else unexpected is ours."""
    try:
        return int(options.run(options))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("infra-maintainer: stopped", file=sys.stderr)
        return FAILED
    except Exception as error:
        from infra_maintainer.cli.mistakes import CALLER_MISTAKES
        from infra_maintainer.evidence.redact import redact

        if isinstance(error, CALLER_MISTAKES):
            print(f"infra-maintainer: {redact(str(error))}", file=sys.stderr)
            return USAGE
        logging.getLogger(__name__).error("unexpected: %s", redact(traceback.format_exc()))
        what = f"{type(error).__name__}: {redact(str(error))}"
        print(f"infra-maintainer: a fault of ours, not of your system: {what}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
