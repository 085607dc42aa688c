"""The product's own safety: its pace, its rights, its commands, what it lets through."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from infra_maintainer.server.build import build_server
from infra_maintainer.server.catalogue import Catalogue
from infra_maintainer.server.gate import Gate
from infra_maintainer.server.pace import Pace
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.commands import COMMANDS
from tests.requirements_link import requirement
from tests.server.asking import environment, in_memory, kit_at, text_of

CANARY = "Zq7-kanarien-vogel-0815"


class Hands:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_the_sixty_first_call_of_a_minute_is_refused_and_the_next_minute_is_free() -> None:
    """A refused call counts nothing and says when to come back."""
    clock = Hands()
    pace = Pace(clock=clock)
    for number in range(60):
        clock.now = number / 10
        assert pace.enter("probe_health", {"n": number}) is None
        pace.leave("probe_health", {"n": number})
    refusal = pace.enter("probe_health", {})
    assert refusal is not None and "54 s" in refusal
    clock.now = 61.0
    assert pace.enter("probe_health", {}) is None


def test_the_same_call_is_not_at_work_twice_and_five_calls_are_too_many() -> None:
    """One probe per question, four at once; leaving makes room."""
    pace = Pace()
    assert pace.enter("probe_health", {"urls": ["http://a/"]}) is None
    assert "still at work" in str(pace.enter("probe_health", {"urls": ["http://a/"]}))
    for number in range(3):
        assert pace.enter("explain_evidence", {"n": number}) is None
    assert "4 calls" in str(pace.enter("audit_costs", {}))
    pace.leave("probe_health", {"urls": ["http://a/"]})
    assert pace.enter("audit_costs", {}) is None


@pytest.mark.anyio
async def test_a_call_over_the_pace_is_a_tool_error_and_not_a_probe(tmp_path: Path) -> None:
    """Through the gate of the shipped server: no room means an error with the next step."""
    kit = kit_at(tmp_path)
    gate = Gate(Catalogue(kit), kit, Pace(per_minute=0))

    class Call:
        method = "tools/call"
        params: dict[str, Any] = {"name": "explain_evidence", "arguments": {"ids": ["ev_0123456789"]}}

    async def never(_: Any) -> Any:
        raise NotImplementedError

    result = await gate(Call(), never)
    assert result.is_error and "limit" in result.content[0].text


@pytest.mark.anyio
async def test_a_tool_that_is_not_listed_cannot_be_called_by_name(tmp_path: Path) -> None:
    """Enforcement stands in the call handler, not only in the list."""
    async with in_memory(tmp_path, "auto") as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        for name in ("run_command", "_private", "probe_health; rm", "../probe_health"):
            assert name not in listed
            result = await client.call_tool(name, {})
            assert result.is_error and "There is no tool" in text_of(result)


@pytest.mark.anyio
async def test_a_canary_comes_back_from_no_tool_and_no_error(tmp_path: Path) -> None:
    """A password in an argument of any tool, right or wrong, is in no reply, no store, no audit line."""
    url = f"https://user:{CANARY}@127.0.0.1/"
    async with Client(build_server(kit_at(tmp_path)), mode="auto") as client:
        for tool in (await client.list_tools()).tools:
            for arguments in (
                {"urls": [url]},
                {"password": CANARY},
                {"ids": [f"token={CANARY}"]},
                {"time_limit_s": url},
            ):
                result = await client.call_tool(tool.name, arguments)
                if result.is_error:
                    assert CANARY not in text_of(result), (tool.name, arguments.keys())
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert kept and CANARY.encode() not in kept


@requirement("security.least_privilege")
def test_a_port_is_not_served_as_root_without_the_word(tmp_path: Path) -> None:
    """Exit 4 with the two ways out; the reader of the sentence knows what to type."""
    if os.geteuid() != 0:
        pytest.skip("needs root: run the tests as root")
    argv = [sys.executable, "-m", "infra_maintainer.cli", "serve", "--http", "127.0.0.1:8765"]
    done = subprocess.run(argv, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 4 and "--as-root" in done.stderr and "ordinary user" in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_no_row_of_the_command_table_can_change_anything(name: str) -> None:
    """No shell, no sudo, no verb that writes: the words of every row are looked at."""
    words = {word.rsplit("/", 1)[-1] for word in COMMANDS[name].argv}
    assert not words & {
        "sh",
        "bash",
        "sudo",
        "doas",
        "su",
        "rm",
        "mv",
        "cp",
        "tee",
        "dd",
        "kill",
        "reboot",
        "install",
        "upgrade",
    }
    assert not [
        word for word in words if word in ("restart", "stop", "start", "enable", "disable", "mask", "-i", "--fix")
    ]


def test_no_tool_takes_a_path_a_host_or_a_statement() -> None:
    """Arguments are enumerations, numbers, names that are declared, evidence ids, and addresses behind the gate."""
    catalogue = Catalogue(Kit(System(), None))
    for name in catalogue.names:
        schema = catalogue.define(name)["inputSchema"]
        assert schema["additionalProperties"] is False
        assert not set(schema["properties"]) & {
            "path",
            "file",
            "host",
            "command",
            "sql",
            "query",
            "shell",
            "argv",
            "port",
        }
