"""The tool audit_costs."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from infra_maintainer.assess.costs_report import CostsReport
from infra_maintainer.server.work import Detail, work
from infra_maintainer.tools.costs import audit_costs as audit
from infra_maintainer.tools.kit import Kit


def make(kit: Kit) -> Tool:
    """The tool over a kit."""

    async def audit_costs(
        ctx: Context[Any],
        idea: Annotated[
            str | None, Field(description="a saving to judge", examples=["drop the read replica"], max_length=500)
        ] = None,
        detail: Annotated[Detail, Field(description="concise: under 8,000 characters")] = "concise",
        time_limit_s: Annotated[float, Field(ge=1, le=600, description="seconds")] = 120,
    ) -> Annotated[CallToolResult, CostsReport]:
        return await work(ctx, kit, time_limit_s, detail, lambda world, progress: audit(kit, world, idea, progress))

    return Tool.from_function(
        audit_costs,
        title="What does it cost?",
        description=(
            "Reads the declared bills, inventory, use and this machine. Says first how much of the bill was seen, then "
            "what should be spent, what is proven waste, what its owner must decide and what must stay and why. Judges "
            "a proposed saving (idea): allowed with proof, refused with the number against it, or unknown. Reads only."
        ),
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
        ),
    )
