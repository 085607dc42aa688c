"""What the job commands share: the options, making the kit, progress on stderr, and printing the report."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infra_maintainer.evidence.store import Store, default_path
from infra_maintainer.tools.kit import Kit, Progress

if TYPE_CHECKING:  # imported where they are used: every command imports this file to say its options
    from infra_maintainer.assess.model import Report
    from infra_maintainer.world.world import World

CONFIG_FOUND_HERE = Path("infra.toml")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that every job takes."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="infra.toml (default: ./infra.toml when it exists)")
    parser.add_argument("--world", type=Path, metavar="DIR", help="look at a recorded world instead of this machine")
    parser.add_argument("--store", type=Path, metavar="FILE", help=f"the store (default: {default_path()})")
    parser.add_argument("--no-store", action="store_true", help="keep nothing")
    parser.add_argument("--json", action="store_true", help="print exactly the report as JSON on stdout")
    parser.add_argument("--detail", action="store_true", help="show everything")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S", help="seconds for the whole run")


def kit_of(options: argparse.Namespace) -> Kit:
    """The kit that the options describe. Raises ConfigError, PolicyError, ValueError."""
    config = options.config if options.world else config_of(options)
    store = None if options.no_store else Store(options.store or default_path())
    return Kit.from_paths(config, options.world, store)


def config_of(options: argparse.Namespace) -> Path | None:
    """The file that --config names, else the one found here."""
    return options.config or (CONFIG_FOUND_HERE if CONFIG_FOUND_HERE.exists() else None)


def run(
    options: argparse.Namespace, job: "Callable[[Kit, World, list[str], Progress], Report]", urls: list[str]
) -> int:
    """Run a job in a fresh world, print its report, give the exit code."""
    from infra_maintainer.report.text import exit_code

    report = measure(options, job, urls)
    show(report, options)
    return exit_code(report)


def measure(
    options: argparse.Namespace, job: "Callable[[Kit, World, list[str], Progress], Report]", urls: list[str]
) -> "Report":
    """A job's report from a fresh world. Raises ValueError for a time limit out of bounds."""
    limit_s = time_limit_s(options)
    kit = kit_of(options)
    with progress() as say:
        return job(kit, kit.world(limit_s), urls, say)


def time_limit_s(options: argparse.Namespace) -> float:
    """The option --time-limit. Raises ValueError when it is out of bounds."""
    if not 0 < options.time_limit <= 3600:
        raise ValueError(f"--time-limit {options.time_limit:g}: give 1 to 3600 seconds")
    return float(options.time_limit)


def show(report: "Report", options: argparse.Namespace) -> None:
    """Print a report: JSON, or text with colour on a terminal."""
    from infra_maintainer.report.text import exit_code, render_text

    if options.json:
        print(report.model_dump_json(exclude_none=True))
        return
    colour, width = paper()
    text = render_text(report, colour=colour, detail=options.detail, width=width)
    print(text.rstrip(), f"Exit {exit_code(report)}.")


def paper() -> tuple[bool, int]:
    """Whether standard output takes colour, and how wide it is."""
    width = min(shutil.get_terminal_size((110, 40)).columns, 140)
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ, max(width, 60)


@contextmanager
def progress() -> Generator[Progress, None, None]:
    """One changing line on a terminal, gone at the end whatever happens; nothing on a pipe."""
    if not sys.stderr.isatty():
        yield lambda message: None
        return
    try:
        yield lambda message: print(f"\r\x1b[K{message} …", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
