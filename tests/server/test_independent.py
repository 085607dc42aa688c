"""Programs of other people against the shipped server: the official conformance suite and the MCP Inspector."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.requirements_link import requirement
from tests.server.asking import environment

NODE_TOOLS = Path(os.environ.get("INFRA_NODE_TOOLS", "/tmp/node-tools")) / "node_modules"
# The suite's own fixture tool `test_missing_capability` is not among our tools, so these two checks of one scenario
# have nothing to ask; every other check of it must pass.
NEED_A_FIXTURE = {"sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400"}
SCENARIOS = {
    "2025-11-25": [
        "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection", "server-sse-multiple-streams",
        "server-initialize", "ping", "server-session-lifecycle",
    ],
    "2026-07-28": [
        "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection", "server-sse-multiple-streams",
        "server-stateless", "caching", "http-header-validation", "sep-2164-resource-not-found",
    ],
}  # fmt: skip
CHECK = re.compile(r"\[([a-z0-9-]+) *\] .*?(SUCCESS|FAILURE|WARNING|INFO)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def node(program: str) -> list[str]:
    """How to run an installed Node program. Skips without it; under CI=true its absence fails."""
    runtime, script = NODE_TOOLS / ".bin" / "node", NODE_TOOLS / program
    if runtime.exists() and script.exists():
        return [str(runtime), str(script)]
    said = f"needs {program} under {NODE_TOOLS}: run .ci/install-node-tools (INFRA_NODE_TOOLS names the folder)"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)


@contextmanager
def serving(folder: Path, *options: str) -> Generator[str, None, None]:
    """The shipped server on Streamable HTTP, as a process; gives its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    argv = [sys.executable, "-m", "infra_maintainer.cli", "serve", "--http", f"127.0.0.1:{port}", *options]
    argv += ["--as-root"] if os.geteuid() == 0 else []
    with (folder / "server.log").open("wb") as log:
        child = subprocess.Popen(argv, env=environment(folder), cwd=folder, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end and child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise AssertionError((folder / "server.log").read_text())
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        child.terminate()
        child.wait(10)


@pytest.fixture(scope="module")
def url() -> Generator[str, None, None]:
    """One server for all scenarios."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as address:
        yield address


@pytest.mark.parametrize(
    ("revision", "scenario"), [(revision, each) for revision, names in SCENARIOS.items() for each in names]
)
@requirement("card.server")
def test_the_official_conformance_suite_passes(url: str, tmp_path: Path, revision: str, scenario: str) -> None:
    """Every scenario that needs no fixture, for both revisions."""
    argv = node("@modelcontextprotocol/conformance/dist/index.js")
    argv += ["server", "--url", url, "--scenario", scenario, "--spec-version", revision, "-o", str(tmp_path / "out")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=_quiet(tmp_path))
    said = COLOUR.sub("", done.stdout)
    checks = dict(CHECK.findall(said))
    assert checks and "SKIPPED" not in said, said
    failed = {check for check, result in checks.items() if result == "FAILURE"}
    if scenario == "server-stateless":
        assert failed == NEED_A_FIXTURE, said
        return
    assert not failed and done.returncode == 0, said
    assert re.search(r"Passed: (\d+)/\1, 0 failed", said), said


@requirement("card.use_desktop")
def test_the_inspector_finds_no_unportable_schema_over_stdio(tmp_path: Path) -> None:
    """Strict mode ends with 6 for a schema that some host cannot take."""
    done = _inspect(tmp_path, "--method", "tools/list", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    tools = {tool["name"] for tool in json.loads(done.stdout)["result"]["tools"]}
    assert {"probe_health", "explain_evidence", "verify_answer"} <= tools


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_calls_a_tool_in_both_eras(tmp_path: Path, era: str) -> None:
    """A good call ends with 0, one of which nothing is kept with 5 (tool error)."""
    call = ("--protocol-era", era, "--method", "tools/call")
    good = _inspect(tmp_path, *call, "--tool-name", "probe_health", "--tool-args-json", '{"time_limit_s": 20}', "-q")
    assert good.returncode == 0, good.stdout + good.stderr
    assert json.loads(good.stdout)["result"]["structuredContent"]["job"] == "health"
    ids = '{"ids": ["ev_0000000000"]}'
    bad = _inspect(tmp_path, *call, "--tool-name", "explain_evidence", "--tool-args-json", ids, "-q")
    assert bad.returncode == 5 and "Nothing is kept" in bad.stdout


def _inspect(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    launcher = folder / "serve"
    ours = environment(folder)  # the Inspector hands on only a few variables
    exports = [f"export {name}='{ours[name]}'" for name in ("PYTHONPATH", "XDG_STATE_HOME", "HOME")]
    lines = ["#!/bin/sh", *exports, f"cd '{folder}'", f"exec '{sys.executable}' -m infra_maintainer.cli serve"]
    launcher.write_text("\n".join(lines) + "\n")
    launcher.chmod(0o755)
    argv = [*node(".bin/mcp-inspector"), "--cli", str(launcher), *options, "--format", "json"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=90, cwd=folder, env=_quiet(folder))


def _quiet(home: Path) -> dict[str, str]:
    """Node programs write to HOME; this one is scratch. No telemetry, no update check."""
    return {**environment(home), "NO_UPDATE_NOTIFIER": "1", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}
