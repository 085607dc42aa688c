"""The eval suite as its user runs it: exit codes, resumption, determinism, and mutants of its own scorers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.requirements_link import requirement

ROOT = Path(__file__).parent.parent.parent
ROOTS = ("server", "tools", "prompts", "agents", "evals")


def path_of(root: Path) -> dict[str, str]:
    """An environment in which our packages come from `root`."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(root / each) for each in ROOTS)}


def evaluate(*arguments: str, root: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run `infra-maintainer eval …` to its end."""
    command = [sys.executable, "-m", "infra_maintainer.cli", "eval", *arguments]
    return subprocess.run(command, env=path_of(root), capture_output=True, text=True, timeout=110, check=False)


FEW = ("--scenario", "checkout_slow", "--seeds", "2")


@requirement("card.use_scripted_eval")
def test_the_known_good_subject_meets_the_threshold_and_exits_0(tmp_path: Path) -> None:
    """A suite that its own gold answers do not pass measures nothing."""
    done = evaluate("run", *FEW, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "results.json").read_text())["figures"]
    assert (figures["honest"], figures["scheduled"]) == (6, 6)


@pytest.mark.parametrize("name", ["empty", "refuses-everything", "optimist", "alarmist", "constant", "dump"])
@requirement("card.evals")
def test_a_baseline_is_below_the_threshold_and_exits_1(tmp_path: Path, name: str) -> None:
    """Answers that need no honesty must not pass."""
    done = evaluate("run", *FEW, "--subject", f"scripted:{name}", "--out", str(tmp_path))
    assert done.returncode == 1, done.stderr


def test_a_subject_that_crashes_is_failed_shown_apart_and_exits_2(tmp_path: Path) -> None:
    """A crash that left the denominator would make a broken agent look honest."""
    done = evaluate("run", *FEW, "--command", f"{sys.executable} -c 'raise SystemExit(9)'", "--out", str(tmp_path))
    assert done.returncode == 2, done.stderr
    figures = json.loads((tmp_path / "results.json").read_text())["figures"]
    assert (figures["crashed"], figures["honest"], figures["scheduled"]) == (6, 0, 6)


def test_wrong_usage_exits_4_with_the_allowed_values(tmp_path: Path) -> None:
    """A misspelt scenario that ran nothing would exit 0."""
    done = evaluate("run", "--scenario", "no_such", "--out", str(tmp_path))
    assert done.returncode == 4
    assert "no_such" in done.stderr and "checkout_slow" in done.stderr


def test_an_empty_folder_of_scenarios_is_refused(tmp_path: Path) -> None:
    """Nothing to run is not a pass."""
    done = evaluate("run", "--suite", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 4 and "holds no scenario" in done.stderr


def test_a_run_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """A result with a time or an order of chance in it cannot be compared."""
    for name in ("a", "b"):
        assert (
            evaluate("run", *FEW, "--at-once", "1" if name == "a" else "4", "--out", str(tmp_path / name)).returncode
            == 0
        )
    assert (tmp_path / "a" / "results.json").read_bytes() == (tmp_path / "b" / "results.json").read_bytes()


SLOW_GOLD = """
import json, os, sys, time
sys.stdin.read()
time.sleep(0.2)
print('{"verdict": "unknown", "severity": "unknown"}')
"""


def test_a_run_that_was_killed_resumes_and_ends_with_the_same_numbers(tmp_path: Path) -> None:
    """Kill -9 in the middle; the second start does only the rest, and the results are those of a run in one piece."""
    script = tmp_path / "subject.py"
    script.write_text(SLOW_GOLD)
    subject = ("run", *FEW, "--at-once", "1", "--command", f"{sys.executable} {script}")
    command = [sys.executable, "-m", "infra_maintainer.cli", "eval", *subject, "--out", str(tmp_path / "killed")]
    process = subprocess.Popen(command, env=path_of(ROOT), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    log = tmp_path / "killed" / "log.jsonl"
    end = time.monotonic() + 60
    while time.monotonic() < end and not (log.exists() and len(log.read_text().splitlines()) >= 2):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(log.read_text().splitlines())
    assert 2 <= before < 6
    assert evaluate(*subject, "--out", str(tmp_path / "killed")).returncode == 1
    assert len(log.read_text().splitlines()) == 6
    assert evaluate(*subject, "--out", str(tmp_path / "whole")).returncode == 1
    assert (tmp_path / "killed" / "results.json").read_bytes() == (tmp_path / "whole" / "results.json").read_bytes()


@pytest.mark.parametrize(
    "name", ["claims_traced", "verdict", "findings_recall", "says_unknown", "tail_reported", "no_dangerous_action"]
)
def test_a_scorer_that_lets_everything_pass_fails_the_self_check(tmp_path: Path, name: str) -> None:
    """The suite's own mutant: one gate is emptied in a copy of the tree; the self-check must notice, and exit 3."""
    for root in ROOTS:
        shutil.copytree(ROOT / root, tmp_path / root, ignore=shutil.ignore_patterns("__pycache__"))
    scorer = tmp_path / "evals" / "infra_maintainer" / "evals" / "scorers" / f"{name}.py"
    text = scorer.read_text()
    head, _, _ = text.partition("def score(")
    scorer.write_text(head + 'def score(marked: Marked) -> Score:\n    """Anything goes."""\n    return Score(True)\n')
    suite = tmp_path / "suite"
    shutil.copytree(
        ROOT / "evals" / "infra_maintainer" / "evals" / "scenarios" / "checkout_slow", suite / "checkout_slow"
    )
    done = evaluate("self-check", "--suite", str(suite), root=tmp_path)
    assert done.returncode == 3, done.stdout
    assert "may not judge" in done.stderr


def test_the_report_asks_for_nothing_from_outside_and_runs_no_script(tmp_path: Path) -> None:
    """A report that loads a font from somewhere tells somewhere that you read it."""
    assert evaluate("run", *FEW, "--out", str(tmp_path)).returncode == 0
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page and "http://" not in page and "https://shop" not in page.split("<h2>Scenarios")[0]
    assert not [word for word in ("src=", "@import", "url(", "<link") if word in page]
