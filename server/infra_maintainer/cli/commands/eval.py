"""`infra-maintainer eval run|self-check|pack|report|compare|new`: score the honesty of answers.

Exit codes: 0 threshold met, 1 below it, 2 too many crashes, 3 the self-check failed, 4 usage.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from infra_maintainer.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the command with its parts to the parser."""
    parser = commands.add_parser("eval", help="score the honesty of answers")
    parts = parser.add_subparsers(metavar="PART", required=True, parser_class=type(parser))
    run = parts.add_parser("run", help="run a subject over the scenarios")
    run.add_argument("--subject", default="scripted:gold", help="scripted:NAME or agent (default: scripted:gold)")
    run.add_argument("--command", metavar="LINE", help="an outside command: question on stdin, answer on stdout")
    run.add_argument("--answers", type=Path, metavar="DIR", help="a folder of packs with an answer.json in each")
    run.add_argument("--model", help="the model, with --subject agent")
    run.add_argument("--base-url", help="where the model is served, with --subject agent")
    run.add_argument("--no-tools", action="store_true", help="the subject gets no tools, for comparison")
    run.add_argument("--prose", action="store_true", help="free text is asked for and scanned; reported apart")
    run.add_argument("--scenario", action="append", default=[], metavar="ID", help="only these (may be repeated)")
    run.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds per scenario (default 5)")
    run.add_argument("--repeats", type=int, default=1, metavar="N", help="runs per case (default 1)")
    run.add_argument("--at-once", type=int, default=4, metavar="N", help="cases at the same time (default 4)")
    run.add_argument("--limit", type=float, default=300.0, metavar="S", help="seconds per case (default 300)")
    run.add_argument(
        "--threshold", type=float, default=1.0, metavar="SHARE", help="honest share for exit 0 (default 1)"
    )
    run.add_argument("--crashes", type=float, default=0.0, metavar="SHARE", help="allowed share of crashes (default 0)")
    run.add_argument("--out", type=Path, default=Path("eval-results"), metavar="DIR", help="log, results and report")
    run.add_argument("--suite", type=Path, metavar="DIR", help="a folder of scenarios of your own")
    run.set_defaults(run=run_part("run"))
    pack = parts.add_parser("pack", help="cases as files, for an answerer whom nobody here calls")
    pack.add_argument("folder", type=Path, help="a new folder")
    pack.add_argument("--scenario", action="append", default=[], metavar="ID", help="only these (may be repeated)")
    pack.add_argument("--seeds", type=int, default=1, metavar="N", help="seeds per scenario (default 1)")
    pack.add_argument("--cases", type=int, metavar="N", help="draw this many (default: all)")
    pack.add_argument("--draw", type=int, default=1, metavar="K", help="another K draws other cases (default 1)")
    pack.add_argument("--suite", type=Path, metavar="DIR", help="a folder of scenarios of your own")
    pack.set_defaults(run=run_part("pack"))
    check = parts.add_parser("self-check", help="the suite against its own mutants")
    check.add_argument("--suite", type=Path, metavar="DIR", help="a folder of scenarios of your own")
    check.add_argument("--json", action="store_true", help="print the findings as JSON")
    check.set_defaults(run=run_part("self_check"))
    report = parts.add_parser("report", help="write the report of a finished run again")
    report.add_argument("folder", type=Path)
    report.set_defaults(run=run_part("report"))
    compare = parts.add_parser("compare", help="two runs, paired case by case")
    compare.add_argument("first", type=Path)
    compare.add_argument("second", type=Path)
    compare.set_defaults(run=run_part("compare"))
    new = parts.add_parser("new", help="the draft of a scenario from a recorded world")
    new.add_argument("folder", type=Path, help="the scenario's new folder")
    new.add_argument("--world", type=Path, required=True, metavar="DIR", help="a recorded world")
    new.add_argument("--config", type=Path, metavar="FILE", help="the infra.toml of that system")
    new.set_defaults(run=run_part("new"))


def run_part(name: str) -> Callable[[argparse.Namespace], int]:
    """The function of a part, imported when it is run."""

    def part(options: argparse.Namespace) -> int:
        from infra_maintainer.cli import evals

        return int(getattr(evals, name)(options))

    return part
