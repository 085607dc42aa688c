"""Build the MCP server from a kit. It wires and never thinks; it starts and lists its tools without configuration."""

import pkgutil
from importlib import import_module
from typing import Any

from mcp.server import MCPServer
from mcp.server.caching import CacheHint
from mcp.server.mcpserver.tools import Tool

from infra_maintainer.evidence.version import own_version
from infra_maintainer.prompts.loader import instructions
from infra_maintainer.server.gate import Gate
from infra_maintainer.server.prompts import add_prompts
from infra_maintainer.server.resources import add_resources
from infra_maintainer.tools.kit import Kit

NAME = "infra-maintainer"
LIST_TTL_MS = 300_000


def build_server(kit: Kit, **transport: Any) -> MCPServer[Any]:
    """A server over one kit, the same object for stdio and HTTP. `transport` is passed on (token_verifier, auth)."""
    tools = tools_of(kit)
    server: MCPServer[Any] = MCPServer(
        NAME,
        title="Infrastructure maintainer",
        instructions=instructions(),
        version=own_version(),
        tools=tools,
        log_level="ERROR",
        cache_hints={"tools/list": CacheHint(ttl_ms=LIST_TTL_MS, scope="public")},
        middleware=[Gate({tool.name: tool for tool in tools}, kit)],
        **transport,
    )
    add_resources(server, kit)
    add_prompts(server)
    return server


def tools_of(kit: Kit) -> list[Tool]:
    """One tool per file of the folder `mcp_tools`, in a fixed order; each refuses arguments it does not know."""
    package = import_module("infra_maintainer.server.mcp_tools")
    found = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    tools: list[Tool] = [import_module(f"{package.__name__}.{name}").make(kit) for name in found]
    for tool in tools:
        tool.parameters["additionalProperties"] = False
        tool.fn_metadata.arg_model.model_config["extra"] = "forbid"
        tool.fn_metadata.arg_model.model_rebuild(force=True)
    return tools
