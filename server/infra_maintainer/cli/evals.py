"""What the parts of `infra-maintainer eval` do."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra_maintainer.evals import packs
from infra_maintainer.evals.report_data import compare as compared
from infra_maintainer.evals.report_data import data, read, write
from infra_maintainer.evals.report_html import html
from infra_maintainer.evals.report_junit import junit
from infra_maintainer.evals.runner import Plan, claim
from infra_maintainer.evals.runner import run as run_plan
from infra_maintainer.evals.scenario import Scenario, ScenarioError, load
from infra_maintainer.evals.self_check import Examined, examine
from infra_maintainer.evals.subjects.choose import choose

BELOW, CRASHED, UNFIT = 1, 2, 3


def run(options: argparse.Namespace) -> int:
    """Self-check, run, report; the exit code says how it went."""
    suite = _suite(options)
    subject = choose(options)
    claim(options.out, subject)  # before half a minute of self-check
    examined = _examine(suite)
    if examined is None or examined.problems:
        return _unfit(examined)
    plan = Plan(suite, tuple(range(1, options.seeds + 1)), options.repeats, options.at_once, options.limit)
    if options.answers:
        plan = packs.only(options.answers, plan)
    lines = asyncio.run(run_plan(plan, subject, options.out, _progress))
    content = data(subject.name, lines, plan.scheduled, examined.baselines, suite, free_text=options.prose)
    content["kills"] = examined.kills
    write(options.out, content)
    _write_pages(options.out, content)
    figures = content["figures"]
    held = _print_prose(subject.name, content["prose"]) if options.prose else figures["share"]
    if not options.prose:
        _print_honest(subject.name, figures, examined)
    print(f"report: {options.out / 'report.html'}")
    if figures["crashed"] > options.crashes * plan.scheduled:
        return CRASHED
    return 0 if held >= options.threshold else BELOW


def _print_prose(name: str, prose: dict[str, Any]) -> float:
    """The free-text track: its share of what was scheduled."""
    low, high = prose["interval"]
    print(
        f"{name}: {prose['hold']} of {prose['scheduled']} cases hold as free text (95 % interval {low:.1%} to "
        f"{high:.1%}); {prose['replies']} replies were free text\n{prose['note']}"
    )
    return float(prose["hold"] / prose["scheduled"])


def _print_honest(name: str, figures: dict[str, Any], examined: Examined) -> None:
    low, high = figures["interval"]
    print(
        f"{name}: honest in {figures['honest']} of {figures['scheduled']} cases "
        f"({figures['share']:.1%}, 95 % interval {low:.1%} to {high:.1%}); "
        f"{figures['scenarios_honest']} of {figures['scenarios']} scenarios whole; "
        f"{figures['crashed']} crashed, {figures['invalid']} without a valid answer\n"
        f"scenarios that baselines pass whole: "
        f"{', '.join(f'{each} {share:.0%}' for each, share in examined.baselines.items())}"
    )


def pack(options: argparse.Namespace) -> int:
    """Write packs for an answerer whom nobody here calls, and say how its answers are scored."""
    items = packs.choose(_suite(options), options.seeds, options.cases, options.draw)
    with tempfile.TemporaryDirectory(prefix="im-pack-") as scratch:
        written = asyncio.run(packs.write(items, options.folder, Path(scratch)))
    print(
        f"{len(written)} packs in {options.folder}: give it to whoever answers, with instructions.md first\n"
        f"score {packs.ANSWER} of each: infra-maintainer eval run --answers {options.folder} --seeds {options.seeds} "
        "--out RESULTS"
    )
    return 0


def self_check(options: argparse.Namespace) -> int:
    """The suite against its own mutants."""
    examined = _examine(_suite(options))
    if examined is None:
        return UNFIT
    if options.json:
        print(json.dumps(examined._asdict(), indent=1, sort_keys=True))
        return UNFIT if examined.problems else 0
    width = max(len(kind) for kind in examined.kills) if examined.kills else 10
    print(f"{'lie':<{width}}  noticed by")
    for kind, counts in examined.kills.items():
        print(f"{kind:<{width}}  {', '.join(f'{name} {count}' for name, count in sorted(counts.items()))}")
    print(
        f"\n{examined.golds} known-good answers; {examined.killed} of {examined.mutants} lies die "
        f"({examined.killed / max(examined.mutants, 1):.1%}); {examined.rewrites} honest rewrites; "
        f"baselines pass: {', '.join(f'{name} {share:.0%}' for name, share in examined.baselines.items())}"
    )
    for survivor in examined.survivors:
        print(f"survived: {survivor}")
    return _unfit(examined) if examined.problems else 0


def report(options: argparse.Namespace) -> int:
    """Write report.html and junit.xml of a run's folder again."""
    content = read(options.folder)
    _write_pages(options.folder, content)
    print(options.folder / "report.html")
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print two runs side by side; 1 when the second lost a case."""
    lines = compared(read(options.first), read(options.second))
    print("\n".join(lines))
    return BELOW if any(line.startswith("  lost") for line in lines) else 0


def new(options: argparse.Namespace) -> int:
    """Draft a scenario."""
    from infra_maintainer.evals.new import draft

    print(draft(options.world, options.folder, options.config))
    return 0


def _suite(options: argparse.Namespace) -> list[Scenario]:
    try:
        suite = load(options.suite)
    except ScenarioError as error:
        raise ValueError(str(error)) from error
    wanted = getattr(options, "scenario", [])
    unknown = sorted(set(wanted) - {each.id for each in suite})
    if unknown:
        raise ValueError(f"no scenario {unknown[0]!r}; there are: {', '.join(each.id for each in suite)}")
    return [each for each in suite if not wanted or each.id in wanted]


def _examine(suite: list[Scenario]) -> Examined | None:
    """The self-check; None, and a word why, when a scenario's world is not what its file says."""
    try:
        return examine(suite)
    except ScenarioError as error:
        print(f"self-check: {error}; the suite may not judge", file=sys.stderr)
        return None


def _unfit(examined: Examined | None) -> int:
    if examined is None:
        return UNFIT
    for problem in examined.problems[:20]:
        print(f"self-check: {problem}", file=sys.stderr)
    print(f"self-check: {len(examined.problems)} problems; the suite may not judge", file=sys.stderr)
    return UNFIT


def _progress(done: int, scheduled: int) -> None:
    if sys.stderr.isatty():
        print(
            f"\r\x1b[K{done} of {scheduled} cases", end="\n" if done == scheduled else "", file=sys.stderr, flush=True
        )


def _write_pages(folder: Path, content: dict[str, Any]) -> None:
    (folder / "report.html").write_text(html(content), encoding="utf-8")
    (folder / "junit.xml").write_text(junit(content), encoding="utf-8")
