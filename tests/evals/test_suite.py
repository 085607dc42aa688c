"""The eval suite as its user runs it: exit codes, resumption, determinism, and mutants of its own scorers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from infra_maintainer.evals.runner import claim
from infra_maintainer.evals.scenario import load
from infra_maintainer.evals.scorers.registry import scorers
from infra_maintainer.evals.self_check import Examined, examine
from infra_maintainer.evals.subjects.command import Command
from infra_maintainer.evals.subjects.protocol import Subject
from infra_maintainer.evals.subjects.scripted import GOLD
from infra_maintainer.tools.all_jobs import JOBS
from tests.requirements_link import requirement

ROOT = Path(__file__).parent.parent.parent
SCENARIOS = ROOT / "evals" / "infra_maintainer" / "evals" / "scenarios"
ROOTS = ("server", "tools", "prompts", "agents", "evals")


def path_of(root: Path) -> dict[str, str]:
    """An environment in which our packages come from `root`."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(root / each) for each in ROOTS)}


def evaluate(*arguments: str, root: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run `infra-maintainer eval …` to its end."""
    command = [sys.executable, "-m", "infra_maintainer.cli", "eval", *arguments]
    return subprocess.run(command, env=path_of(root), capture_output=True, text=True, timeout=110, check=False)


@pytest.fixture(scope="module")
def whole() -> Examined:
    """The self-check over every scenario."""
    return examine(load())


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


def test_a_log_of_another_subject_or_track_is_refused_with_one_sentence(tmp_path: Path) -> None:
    """Lines of two subjects in one log would be reported as one."""
    line = f"{sys.executable} subject.py"
    claim(tmp_path, Command(line))
    claim(tmp_path, Command(line))  # the same one goes on
    others: list[Subject] = [
        GOLD,
        Command(line, structured=False),
        Command(line, tools=False),
        Command(f"{line} --other"),
    ]
    for other in others:
        with pytest.raises(ValueError, match=r"holds the log of .*, and this run is of .*: give another folder"):
            claim(tmp_path, other)
    done = evaluate("run", *FEW, "--out", str(tmp_path))
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1 and "scripted" not in done.stdout and "--out" in done.stderr
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "log.jsonl").write_text("{}\n")
    with pytest.raises(ValueError, match="unknown subject"):
        claim(tmp_path / "old", GOLD)


EMPTIED = """
import os, pathlib, sys
import pydantic
folder, suite = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
for file in sorted(folder.glob("[a-qs-z]*.py")):
    text = file.read_text()
    if '@scorer("gate"' not in text:
        continue
    head = text.partition("def score(")[0]
    file.write_text(head + "def score(marked: Marked) -> Score:\\n    return Score(True)\\n")
    child = os.fork()
    if child == 0:
        from infra_maintainer.evals.scenario import load
        from infra_maintainer.evals.self_check import examine
        os._exit(3 if examine(load(suite)).problems else 0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    file.write_text(text)
    print(file.stem, code)
"""


def test_a_gate_that_lets_everything_pass_fails_the_self_check(tmp_path: Path) -> None:
    """The suite's own mutants: each gate in turn is emptied in a copy of the tree, and the self-check must notice."""
    for root in ROOTS:
        shutil.copytree(ROOT / root, tmp_path / root, ignore=shutil.ignore_patterns("__pycache__", "scenarios"))
    evals = tmp_path / "evals" / "infra_maintainer" / "evals"
    for name in ("checkout_slow", "one_hour_promise"):
        shutil.copytree(SCENARIOS / name, tmp_path / "suite" / name)
    (tmp_path / "driver.py").write_text(EMPTIED)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "driver.py"), str(evals / "scorers"), str(tmp_path / "suite")],
        env={**path_of(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    found = dict(line.split() for line in done.stdout.splitlines())
    assert set(found) == {each.name for each in scorers() if each.kind == "gate"}, done.stderr
    assert set(found.values()) == {"3"}, found


@requirement("card.evals")
def test_the_whole_suite_passes_its_self_check(whole: Examined) -> None:
    """Golds hold on every seed, lies die by the check that is for them, no rewrite fails, no baseline passes."""
    assert whole.problems == []
    assert whole.killed >= 0.98 * whole.mutants
    assert whole.untried == []
    planted = {kind: counts for kind, counts in whole.kills.items() if kind.startswith("planted: ")}
    assert len(planted) == 6
    assert [kind for kind, counts in planted.items() if "survived" in counts] in (
        [],
        ["planted: tail called an average"],
    )
    assert set(whole.baselines.values()) == {0.0}


def test_there_are_forty_scenarios_in_all_jobs_and_a_dozen_of_recorded_worlds() -> None:
    """Each with a twin, more than one family per job, and rows of the requirements that exist."""
    suite = load()
    assert len(suite) >= 40
    assert {job for each in suite for job in each.jobs} == set(JOBS)
    assert sum(each.world is not None for each in suite) >= 12
    rows = tomllib.loads((ROOT / "tests" / "requirements" / "requirements.toml").read_text())
    known = {f"{area}.{row}" for area, entries in rows.items() for row in entries}
    covered = {row for each in suite for row in each.covers}
    assert covered <= known
    assert {row for row in known if row.startswith("antipatterns.")} <= covered
    examples = {"persona.slow_app", "persona.viral_week", "persona.costs_squeeze", "persona.no_green_on_demand"}
    assert examples <= covered


def test_the_report_asks_for_nothing_from_outside_and_runs_no_script(tmp_path: Path) -> None:
    """A report that loads a font from somewhere tells somewhere that you read it."""
    assert evaluate("run", *FEW, "--out", str(tmp_path)).returncode == 0
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page and "http://" not in page and "https://shop" not in page.split("<h2>Scenarios")[0]
    assert not [word for word in ("src=", "@import", "url(", "<link") if word in page]
