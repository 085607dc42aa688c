"""Clients of the shipped server: in memory and over real stdio, in both protocol eras."""

import json
import os
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from infra_maintainer.evidence.store import Store
from infra_maintainer.server.build import build_server
from infra_maintainer.tools.kit import Kit

ROOT = Path(__file__).parents[2]
SOURCES = os.pathsep.join(str(ROOT / each) for each in ("server", "tools", "prompts", "agents", "evals"))
FAULTY = Path(__file__).parent / "faulty"
Era = Literal["auto", "legacy"]
both_eras = pytest.mark.parametrize("era", ["auto", "legacy"])


def environment(home: Path) -> dict[str, str]:
    """What a child process gets: our sources, and a state directory of its own."""
    return {**os.environ, "PYTHONPATH": SOURCES, "XDG_STATE_HOME": str(home), "HOME": str(home)}


def kit_at(folder: Path) -> Kit:
    """A kit of this machine with a store of its own."""
    return Kit.from_paths(None, None, Store(folder / "store.db"))


def in_memory(folder: Path, era: Era) -> Client:
    """A client of a server in this process."""
    return Client(build_server(kit_at(folder)), mode=era)


def over_stdio(folder: Path, era: Era, more_sources: str | None = None) -> Client:
    """A client of the server as a real process; `more_sources` names a folder of `faulty`."""
    more = [str(FAULTY / more_sources)] if more_sources else []
    arguments = [str(Path(__file__).parent / "served.py"), str(folder / "store.db"), *more]
    return Client(StdioServerParameters(command=sys.executable, args=arguments, env=environment(folder)), mode=era)


def text_of(result: CallToolResult) -> str:
    """The text channel."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def structure_of(result: CallToolResult) -> dict[str, Any]:
    """The structured channel."""
    assert result.structured_content is not None
    return dict(json.loads(json.dumps(result.structured_content)))
