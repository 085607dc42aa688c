"""What starting costs: CPU seconds and wall time from spawn to the answer of `tools/list`, and what a model must read.

The rival is the least that the same SDK can do: five tools of one line each. Both servers are spawned in turns, the
same Python, the same handshake; CPU is what the kernel charged to the process (wait4) when it was killed on its answer.

    python bench/startup.py [--quick] [--rounds N]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
SOURCES = os.pathsep.join(str(ROOT / each) for each in ("server", "tools", "prompts", "agents", "evals"))
BARE = """
from mcp.server import MCPServer

server = MCPServer("bare", version="1", log_level="ERROR")

@server.tool(description="one")
async def one(text: str) -> str: return text

@server.tool(description="two")
async def two(text: str) -> str: return text

@server.tool(description="three")
async def three(text: str) -> str: return text

@server.tool(description="four")
async def four(text: str) -> str: return text

@server.tool(description="five")
async def five(text: str) -> str: return text

server.run("stdio")
"""
CHARACTERS_PER_TOKEN = 3.6  # compact English JSON in cl100k is 3.5 to 4.2 characters a token; the dearer side is taken


class Start(NamedTuple):
    """One start: CPU seconds, wall seconds, and the tools that came."""

    cpu_s: float
    wall_s: float
    tools: list[dict[str, Any]]


class Wire:
    """A server over stdio, spoken to in raw JSON-RPC of the handshake era, so that no client library is measured."""

    def __init__(self, argv: list[str], home: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": SOURCES, "HOME": str(home), "XDG_STATE_HOME": str(home)}
        self.begin = time.monotonic()
        self._child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=home
        )

    def ask(self, number: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """One request, its result. Raises RuntimeError when the server ends or refuses."""
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        assert self._child.stdout is not None
        for line in self._child.stdout:
            message = json.loads(line)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])
        raise RuntimeError(f"the server ended before it answered {method}")

    def send(self, message: dict[str, Any]) -> None:
        """One message."""
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(message).encode() + b"\n")
        self._child.stdin.flush()

    def shake_hands(self) -> None:
        """The handshake."""
        client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        self.ask(1, "initialize", client)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def end(self) -> float:
        """Kill it and give the CPU seconds it used."""
        self._child.kill()
        _, status, usage = os.wait4(self._child.pid, 0)
        self._child.returncode = os.waitstatus_to_exitcode(status)
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()
        return usage.ru_utime + usage.ru_stime


def start(argv: list[str], home: Path) -> Start:
    """Spawn a server, list its tools, end it."""
    wire = Wire(argv, home)
    try:
        wire.shake_hands()
        tools = wire.ask(2, "tools/list", {})["tools"]
        wall_s = time.monotonic() - wire.begin
    finally:
        cpu_s = wire.end()
    return Start(cpu_s, wall_s, tools)


def model_text(tool: dict[str, Any]) -> str:
    """What a host puts before its model: name, description and input schema (not the output schema, not hints)."""
    return json.dumps(
        {"name": tool["name"], "description": tool.get("description", ""), "input_schema": tool["inputSchema"]},
        separators=(",", ":"),
        ensure_ascii=False,
    )


def concise_reply(argv: list[str], home: Path) -> dict[str, int]:
    """Characters of both channels of a concise probe_health of this machine."""
    wire = Wire(argv, home)
    try:
        wire.shake_hands()
        result = wire.ask(2, "tools/call", {"name": "probe_health", "arguments": {"time_limit_s": 30}})
    finally:
        wire.end()
    return {
        "text": sum(len(block["text"]) for block in result["content"]),
        "structured": len(json.dumps(result["structuredContent"], separators=(",", ":"), ensure_ascii=False)),
    }


def main() -> None:
    """Measure, print the table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within 50 s")
    parser.add_argument("--rounds", type=int, default=0, help="starts of each server (default 15, quick 7)")
    options = parser.parse_args()
    rounds = options.rounds or (7 if options.quick else 15)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        bare_file = home / "bare.py"
        bare_file.write_text(BARE, encoding="utf-8")
        ours_argv = [sys.executable, "-m", "infra_maintainer.cli", "serve"]
        bare_argv = [sys.executable, str(bare_file)]
        start(bare_argv, home), start(ours_argv, home)  # byte code and page cache, not counted
        bare, ours = [], []
        for turn in range(rounds):  # in turns, the order changing, so that a busy neighbour hits both
            for argv, kept in ((bare_argv, bare), (ours_argv, ours))[:: 1 if turn % 2 else -1]:
                kept.append(start(argv, home))
        reply = concise_reply(ours_argv, home)
    show(bare, ours, reply)


def show(bare: list[Start], ours: list[Start], reply: dict[str, int]) -> None:
    """The table and the line."""
    cpu_bare, cpu_ours = (statistics.median(each.cpu_s for each in runs) for runs in (bare, ours))
    wall_bare, wall_ours = (statistics.median(each.wall_s for each in runs) for runs in (bare, ours))
    tokens = {tool["name"]: round(len(model_text(tool)) / CHARACTERS_PER_TOKEN) for tool in ours[0].tools}
    wire = len(json.dumps(ours[0].tools, separators=(",", ":"), ensure_ascii=False))
    figures: dict[str, Any] = {
        "rounds": len(ours),
        "cpu_ratio": round(cpu_ours / cpu_bare, 3),
        "wall_ratio": round(wall_ours / wall_bare, 3),
        "cpu_s": round(cpu_ours, 3),
        "cpu_s_bare": round(cpu_bare, 3),
        "wall_s": round(wall_ours, 3),
        "wall_s_bare": round(wall_bare, 3),
        "tools": len(tokens),
        "tool_tokens": sum(tokens.values()),
        "largest_tool_tokens": max(tokens.values()),
        "tools_list_characters": wire,
        "reply_text_characters": reply["text"],
        "reply_structured_characters": reply["structured"],
    }
    print(
        f"{'to tools/list (median)':<34}{'bare, 5 tools':>16}{f'ours, {len(tokens)} tools':>16}{'ratio':>9}{'goal':>9}"
    )
    print(f"{'CPU, s':<34}{cpu_bare:>16.3f}{cpu_ours:>16.3f}{cpu_ours / cpu_bare:>9.3f}{'1.15':>9}")
    print(f"{'wall, s':<34}{wall_bare:>16.3f}{wall_ours:>16.3f}{wall_ours / wall_bare:>9.3f}")
    print(f"\n{'tokens a model reads (estimate)':<34}{'':>16}{'tokens':>16}{'':>9}{'goal':>9}")
    for name, count in tokens.items():
        print(f"{name:<34}{'':>16}{count:>16}{'':>9}{'300':>9}")
    print(f"{'all tool definitions':<34}{'':>16}{sum(tokens.values()):>16}{'':>9}{'2000':>9}")
    print(f"\n{'characters':<34}{'':>16}{'':>16}{'':>9}{'goal':>9}")
    print(f"{'concise reply, text channel':<34}{'':>16}{reply['text']:>16}{'':>9}{'8000':>9}")
    print(f"{'concise reply, structured channel':<34}{'':>16}{reply['structured']:>16}{'':>9}{'8000':>9}")
    print(f"{'whole tools/list on the wire':<34}{'':>16}{wire:>16}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
