"""The tool probe_health."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from infra_maintainer.assess.model import Report
from infra_maintainer.server.work import Detail, work
from infra_maintainer.tools.health import probe_health as probe
from infra_maintainer.tools.kit import Kit


def make(kit: Kit) -> Tool:
    """The tool over a kit."""

    async def probe_health(
        ctx: Context[Any],
        urls: Annotated[
            list[str], Field(description="addresses to measure as a user would", examples=[["https://shop.example/"]])
        ] = [],  # noqa: B006  # a literal default is what the schema shows; it is never changed
        detail: Annotated[
            Detail, Field(description="concise: under 8,000 characters; detailed: all evidence")
        ] = "concise",
        time_limit_s: Annotated[
            float, Field(ge=1, le=600, description="seconds; the rest is reported as unknown")
        ] = 60,
    ) -> Annotated[CallToolResult, Report]:
        return await work(ctx, kit, time_limit_s, detail, lambda world, progress: probe(kit, world, urls, progress))

    return Tool.from_function(
        probe_health,
        title="Is it healthy?",
        description=(
            "Measures what users feel (declared journeys, endpoints, and any urls given), then what explains it (CPU, "
            "memory, disk, pressure, errors of this machine). Verdict and severities are computed by policy; each "
            "number cites evidence ids; what could not be measured is listed as unknown with the step that would tell. "
            "Reads only; sends up to 100 requests to each address. Takes about 5 s."
        ),
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
        ),
    )
