"""Build the MCP server from a kit. It wires and never thinks; it starts and lists its tools without configuration."""

from typing import Any

from mcp.server import MCPServer
from mcp.server.caching import CacheHint
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult
from mcp.types import Tool as Definition

from infra_maintainer.evidence.version import own_version
from infra_maintainer.prompts.loader import instructions
from infra_maintainer.server.catalogue import Catalogue
from infra_maintainer.server.gate import Gate
from infra_maintainer.server.prompts import add_prompts
from infra_maintainer.server.resources import add_resources
from infra_maintainer.tools.kit import Kit

NAME = "infra-maintainer"
LIST_TTL_MS = 300_000


class Face(MCPServer[Any]):
    """The SDK's server with the catalogue's tools, beside any that somebody adds to it."""

    def __init__(self, catalogue: Catalogue, **options: Any) -> None:
        self._catalogue = catalogue
        super().__init__(NAME, **options)

    async def list_tools(self) -> list[Definition]:
        """The catalogue's definitions first, in a fixed order."""
        return [*self._catalogue.definitions(), *await super().list_tools()]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool, building it first when it was not called before. Raises ToolError."""
        tool = self._catalogue.tool(name)
        if tool is None or context is None:
            return await super().call_tool(name, arguments, context)
        result = await tool.run(arguments, context, convert_result=True)
        if not isinstance(result, CallToolResult | InputRequiredResult):
            raise ToolError(f"{name} gave no tool result")
        return result


def build_server(kit: Kit, **transport: Any) -> MCPServer[Any]:
    """A server over one kit, the same object for stdio and HTTP. `transport` is passed on (token_verifier, auth)."""
    catalogue = Catalogue(kit)
    server = Face(
        catalogue,
        title="Infrastructure maintainer",
        instructions=instructions(),
        version=own_version(),
        log_level="ERROR",
        cache_hints={"tools/list": CacheHint(ttl_ms=LIST_TTL_MS, scope="public")},
        middleware=[Gate(catalogue, kit)],
        **transport,
    )
    add_resources(server, kit)
    add_prompts(server)
    return server
