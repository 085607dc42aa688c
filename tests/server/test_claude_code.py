"""The real Claude Code drives the real server, against a scripted model: lists, calls, confirms, follows, cancels."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra_maintainer.evidence.store import Store
from infra_maintainer.prompts.loader import persona
from tests.answer.kept import full_disk
from tests.recovery.checklist import declared
from tests.requirements_link import requirement
from tests.server.asking import SOURCES
from tests.services.messages_endpoint import Reply, Request, call, results_of, serving, text, words_of

TOOLS = Path(os.environ.get("INFRA_NODE_TOOLS", "/tmp/node-tools")) / "node_modules"
LIMIT_S = 110
ACCEPT = {"hookSpecificOutput": {"hookEventName": "Elicitation", "action": "accept", "content": {"proceed": True}}}


class Seen(NamedTuple):
    """What the host sent to the model, what the model was given back by the tool, and every line of the wire."""

    requests: list[Request]
    result: dict[str, Any]
    host: list[dict[str, Any]]
    server: list[dict[str, Any]]
    finished: dict[str, Any]


def claude() -> str:
    """The installed program. Skips without it; under CI=true its absence fails."""
    found = TOOLS / ".bin" / "claude"
    if found.exists():
        return str(found)
    said = "needs @anthropic-ai/claude-code: run .ci/install-node-tools (INFRA_NODE_TOOLS names the folder)"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)


def drive(folder: Path, tool: str, arguments: dict[str, Any], *serve: str, agree: bool = False, **more: str) -> Seen:
    """Let the host call one tool of the shipped server, and read what everybody said."""

    def script(request: Request) -> Reply:
        if results_of(request):
            return Reply([text("Done.")])
        return Reply([text("Calling."), call(f"mcp__infra__{tool}", arguments)])

    wire = folder / "wire.log"
    server = [sys.executable, "-m", "infra_maintainer.cli", "serve", "--store", str(folder / "store.db"), *serve]
    argv = [str(Path(__file__).parent / "wiretap.py"), str(wire), *server]
    servers = {"infra": {"command": sys.executable, "args": argv, "env": {"PYTHONPATH": SOURCES}}}
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    (folder / "settings.json").write_text(json.dumps(_hooks(folder) if agree else {}), encoding="utf-8")
    with serving(script) as endpoint:
        environment = {
            "HOME": str(folder), "PATH": f"{TOOLS / '.bin'}:/usr/bin:/bin", "NO_PROXY": "127.0.0.1,localhost",
            "ANTHROPIC_BASE_URL": endpoint.url, "ANTHROPIC_API_KEY": "dummy", "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", **more,
        }  # fmt: skip
        command = [claude(), "-p", "check web-1", "--strict-mcp-config", "--mcp-config", "mcp.json"]
        command += ["--settings", "settings.json", "--allowedTools", "mcp__infra__*", "--output-format", "json"]
        done = subprocess.run(
            [*command, "--max-turns", "4"],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = wire.read_text(encoding="utf-8").splitlines()
    said = {mark: [json.loads(line[2:]) for line in lines if line.startswith(mark)] for mark in "><"}
    (result,) = results_of(endpoint.requests[-1])
    return Seen(endpoint.requests, result, said[">"], said["<"], json.loads(done.stdout))


def _hooks(folder: Path) -> dict[str, Any]:
    """The host's own way to answer a question for its user; the question is kept."""
    hook = folder / "agree.sh"
    hook.write_text(f"#!/bin/sh\ncat > '{folder}/asked.json'\necho '{json.dumps(ACCEPT)}'\n", encoding="utf-8")
    hook.chmod(0o755)
    return {"hooks": {"Elicitation": [{"hooks": [{"type": "command", "command": str(hook)}]}]}}


@requirement("card.use_desktop", "card.server")
def test_the_host_lists_the_tools_tells_the_model_the_persona_and_gives_it_the_report(tmp_path: Path) -> None:
    """Tools are deferred: the model first sees their names and our instructions."""
    full_disk(tmp_path)
    seen = drive(tmp_path, "probe_health", {"time_limit_s": 20}, "--world", str(tmp_path / "world"))
    told = json.dumps(seen.requests[0])
    assert json.dumps(persona().splitlines()[0])[1:60] in told
    assert "mcp__infra__verify_answer" in told and "mcp__infra__explain_evidence" in told
    report = json.loads(words_of(seen.result))
    assert report["verdict"] == "degraded"
    assert any(finding["code"] == "disk_space_low" for finding in report["findings"])
    assert seen.finished["is_error"] is False


def test_the_host_asks_for_progress_and_is_told_it(tmp_path: Path) -> None:
    """Its call carries a token; our notes carry the same token and come before the result."""
    seen = drive(tmp_path, "probe_health", {"time_limit_s": 20})
    (asked,) = [line for line in seen.host if line.get("method") == "tools/call"]
    token = asked["params"]["_meta"]["progressToken"]
    notes = [index for index, line in enumerate(seen.server) if line.get("method") == "notifications/progress"]
    (answered,) = [index for index, line in enumerate(seen.server) if line.get("id") == asked["id"]]
    assert notes and max(notes) < answered
    assert {seen.server[index]["params"]["progressToken"] for index in notes} == {token}


@pytest.fixture
def declared_backup(tmp_path: Path) -> Path:
    """infra.toml with one backup whose place is empty: a drill that runs must fail, and says so."""
    for name in ("scratch", "copies"):
        (tmp_path / name).mkdir()
    config = tmp_path / "infra.toml"
    scratch = f'[recovery]\nscratch = "{tmp_path}/scratch"\n'
    config.write_text(scratch + declared("orders", "dump", tmp_path / "copies"), encoding="utf-8")
    return config


@requirement("card.use_desktop")
def test_a_drill_runs_only_after_the_host_has_said_yes(tmp_path: Path, declared_backup: Path) -> None:
    """The host is asked with our words; its yes starts the drill, which is recorded."""
    arguments = {"drill": ["orders"]}
    seen = drive(tmp_path, "run_dr_checklist", arguments, "--config", str(declared_backup), agree=True)
    asked = json.loads((tmp_path / "asked.json").read_text(encoding="utf-8"))
    assert asked["mcp_server_name"] == "infra"
    assert "Restore the newest copy of orders for real?" in asked["message"]
    assert "was not confirmed" not in words_of(seen.result)
    assert list(Store(tmp_path / "store.db").ledger("drills"))


def test_a_host_that_cannot_ask_its_user_declines_and_nothing_is_restored(
    tmp_path: Path, declared_backup: Path
) -> None:
    """In print mode the host cancels the question."""
    seen = drive(tmp_path, "run_dr_checklist", {"drill": ["orders"]}, "--config", str(declared_backup))
    assert "No restore drill was run: it was not confirmed" in words_of(seen.result)
    assert not list(Store(tmp_path / "store.db").ledger("drills"))


@pytest.fixture
def silent() -> Generator[str]:
    """An address that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_a_host_that_gives_up_cancels_the_call_and_the_server_stops(tmp_path: Path, silent: str) -> None:
    """The host's own time limit passes: it sends a cancellation for that call; the server answers nothing more and
    writes the call down as failed."""
    seen = drive(tmp_path, "probe_health", {"urls": [silent], "time_limit_s": 60}, MCP_TOOL_TIMEOUT="1500")
    assert "timed out" in words_of(seen.result)
    (asked,) = [line for line in seen.host if line.get("method") == "tools/call"]
    (cancelled,) = [line for line in seen.host if line.get("method") == "notifications/cancelled"]
    assert cancelled["params"]["requestId"] == asked["id"]
    assert not [line for line in seen.server if line.get("id") == asked["id"] and "result" in line]
    with Store(tmp_path / "store.db").open() as db:
        assert [row["outcome"] for row in db.query("select outcome from audit")] == ["failed"]
