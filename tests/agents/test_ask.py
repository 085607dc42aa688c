"""`infra-maintainer ask` as a program of its own, against the loopback endpoint."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.agents.scripted import inventing, probing_then, submitting
from tests.answer.kept import full_disk
from tests.requirements_link import requirement
from tests.services.messages_endpoint import Reply, Request, Script, serving, text

ROOT = Path(__file__).parent.parent.parent
ROOTS = os.pathsep.join(str(ROOT / name) for name in ("server", "tools", "prompts", "agents", "evals"))
LIMIT_S = 60


def start(folder: Path, url: str, *options: str) -> "subprocess.Popen[str]":
    """The program on the world of a full disk, talking to `url`, with a home of its own."""
    world = ["--world", str(folder / "world"), "--store", str(folder / "store.db")]
    return subprocess.Popen(
        [sys.executable, "-m", "infra_maintainer.cli", "ask", "Is it healthy?", "--base-url", url, *world, *options],
        env={"PYTHONPATH": ROOTS, "HOME": str(folder), "PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "test"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask(folder: Path, script: Script, *options: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    with serving(script) as endpoint:
        process = start(folder, endpoint.url, *options)
        out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, err


@requirement("card.use_subagent")
def test_json_gives_the_verified_answer_alone_on_stdout(tmp_path: Path) -> None:
    """For larger workflows: one JSON object, progress and cost on stderr, exit 1 because there are findings."""
    kit = full_disk(tmp_path)
    code, out, err = ask(tmp_path, submitting(kit, None), "--json", "--price", "3", "15")
    advice = json.loads(out)
    assert code == 1
    assert advice["status"] == "verified" and advice["verification"]["holds"] is True
    assert "probe_health" in err and "USD" in err


def test_an_answer_that_does_not_hold_is_marked_and_ends_with_three(tmp_path: Path) -> None:
    """A script that only looks at the exit code is not misled."""
    kit = full_disk(tmp_path)
    code, out, err = ask(tmp_path, submitting(kit, inventing))
    assert code == 3
    assert "~~12.3 %~~" in out and "marked" in err and "cost unknown" in err


def test_ctrl_c_leaves_a_partial_honest_answer(tmp_path: Path) -> None:
    """Interrupted while the model thinks: what was measured is shown, and that it is no verified answer."""
    full_disk(tmp_path)
    thinking = threading.Event()

    def second(request: Request, turn: int) -> Reply:
        thinking.set()
        return Reply([text("...")], wait_s=LIMIT_S)

    with serving(probing_then(second)) as endpoint:
        process = start(tmp_path, endpoint.url)
        assert thinking.wait(LIMIT_S)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 3
    assert "91 %" in out and "No verified answer" in out
    assert "stopped" in err


def test_without_a_key_the_measurements_are_shown_with_the_reason(tmp_path: Path) -> None:
    """No model at all: the product still measures."""
    full_disk(tmp_path)
    process = subprocess.run(
        [sys.executable, "-m", "infra_maintainer.cli", "ask", "Is it healthy?", "--world", "world", "--no-store"],
        env={"PYTHONPATH": ROOTS, "HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert process.returncode == 3
    assert "no key" in process.stdout and "91 %" in process.stdout
