"""Where hosts keep their MCP servers, and the block that adds this one.

ValueError   a host file that cannot be read, or already names another server as ours
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

SERVER = "infra"


class Host(NamedTuple):
    """One host: its name on the command line, its title, its file, and the key that holds its servers."""

    name: str
    title: str
    file: Callable[[], Path]
    key: str
    typed: bool = False


def _desktop() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Claude" / "claude_desktop_config.json"
    if sys.platform == "win32":
        return Path(os.environ["APPDATA"]) / "Claude" / "claude_desktop_config.json"
    return Path.home() / ".config" / "Claude" / "claude_desktop_config.json"


HOSTS: tuple[Host, ...] = (
    Host("claude-desktop", "Claude Desktop", _desktop, "mcpServers"),
    Host("claude-code", "Claude Code (this project)", lambda: Path(".mcp.json"), "mcpServers"),
    Host("cursor", "Cursor (this project)", lambda: Path(".cursor") / "mcp.json", "mcpServers"),
    Host("vscode", "VS Code (this project)", lambda: Path(".vscode") / "mcp.json", "servers", typed=True),
)


def command(config: Path | None) -> list[str]:
    """The command line that a host must run. Desktop hosts start with a bare PATH elsewhere: all paths are whole."""
    script = Path(sys.argv[0])
    if script.name.startswith("infra-maintainer") and script.exists():
        start = [str(script.resolve())]
    elif found := shutil.which("infra-maintainer"):
        start = [str(Path(found).resolve())]
    else:
        start = [sys.executable, "-m", "infra_maintainer.cli"]
    return [*start, "serve", *(["--config", str(config.resolve())] if config else [])]


def block(host: Host, argv: list[str]) -> dict[str, Any]:
    """The host's configuration with this server and nothing else."""
    entry: dict[str, Any] = {"command": argv[0], "args": argv[1:]}
    return {host.key: {SERVER: {"type": "stdio", **entry} if host.typed else entry}}


def merged(host: Host, argv: list[str], text: str | None) -> str:
    """The host's file with this server added; everything else in it stays. Raises ValueError if it is not JSON."""
    try:
        found: object = json.loads(text) if text and text.strip() else {}
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{host.title}: its file is not plain JSON ({error}); add the printed block by hand"
        ) from error
    if not isinstance(found, dict):
        raise ValueError(f"{host.title}: its file holds no JSON object; add the printed block by hand")
    whole = cast("dict[str, Any]", found)
    servers = whole.setdefault(host.key, {})
    if not isinstance(servers, dict):
        raise ValueError(f"{host.title}: {host.key!r} in its file is no object; add the printed block by hand")
    cast("dict[str, Any]", servers)[SERVER] = block(host, argv)[host.key][SERVER]
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def write(host: Host, argv: list[str], path: Path | None = None) -> Path:
    """Add this server to the host's file, through a new file beside it, and give the path. Raises ValueError."""
    target = path or host.file()
    try:
        text = target.read_text(encoding="utf-8") if target.exists() else None
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        fresh.write_text(merged(host, argv, text), encoding="utf-8")
        os.replace(fresh, target)
    except OSError as error:
        raise ValueError(f"{target}: {error.strerror}") from error
    return target
