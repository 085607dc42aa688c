"""`infra-maintainer verify ANSWER.md`."""

import argparse
import sys
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("verify", help="check an answer number by number against the reports behind it")
    parser.add_argument("answer", type=Path, metavar="ANSWER", help="a file with the answer, or - for standard input")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        metavar="RUN",
        help="run id, or a .json file of a report; may be repeated (default: the newest of each job)",
    )
    parser.add_argument("--question", default="", metavar="TEXT", help="the question, for the user's own numbers")
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml, for the policy in force")
    parser.add_argument("--store", type=Path, metavar="FILE", help="the store that holds the reports")
    parser.add_argument("--json", action="store_true", help="print the verification as JSON on stdout")
    parser.set_defaults(run=run, world=None, no_store=False)


def run(options: argparse.Namespace) -> int:
    """Print what holds and what does not; 0 if all holds, 1 if not. Raises ValueError for a file nobody can read."""
    from infra_maintainer.answer.brief import text
    from infra_maintainer.cli.job import kit_of
    from infra_maintainer.tools.verify import verify_answer

    checked = verify_answer(kit_of(options), _read(options.answer), options.report, options.question)
    if options.json:
        print(checked.model_dump_json(exclude_none=True))
    else:
        print(text(checked), end="")
    return 0 if checked.holds else 1


def _read(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; name the file with the answer, or - for standard input") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text (byte {error.start})") from error
