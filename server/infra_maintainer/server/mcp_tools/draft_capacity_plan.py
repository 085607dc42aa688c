"""The tool draft_capacity_plan."""

import base64
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ImageContent, TextContent, ToolAnnotations
from pydantic import Field

from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.server.work import Detail, work
from infra_maintainer.tools.capacity import draft_capacity_plan as draft
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.outlooks import Outlooks


def make(kit: Kit) -> Tool:
    """The tool over a kit."""

    async def draft_capacity_plan(
        ctx: Context[Any],
        spike_multiple: Annotated[
            float | None, Field(gt=1, description="spike the user expects, in times the peak", examples=[10])
        ] = None,
        horizon_days: Annotated[float | None, Field(ge=1, le=400, description="days ahead")] = None,
        chart: Annotated[bool, Field(description="add a picture of the first bottleneck")] = False,
        detail: Annotated[Detail, Field(description="concise: under 8,000 characters")] = "concise",
        time_limit_s: Annotated[float, Field(ge=1, le=600, description="seconds")] = 60,
    ) -> Annotated[CallToolResult, CapacityReport]:
        outlooks = Outlooks()
        result = await work(
            ctx,
            kit,
            time_limit_s,
            detail,
            lambda world, progress: draft(
                kit, world, [], progress, spike_multiple=spike_multiple, horizon_days=horizon_days, outlooks=outlooks
            ),
        )
        return _with_picture(result, outlooks) if chart else result

    return Tool.from_function(
        draft_capacity_plan,
        title="Will it hold?",
        description=(
            "Capacity plan from real history: load now, room to the first limit, loss of one instance, forecast with "
            "intervals and date ranges, spikes against the multiple sustained (gap in instances, price), autoscaling, "
            "buffer, bottlenecks. Refuses to project from short or broken history and says what would be "
            "enough. Reads only."
        ),
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
        ),
    )


def _with_picture(result: CallToolResult, outlooks: Outlooks) -> CallToolResult:
    """The result with a PNG beside its numbers, or with the sentence why there is none."""
    from infra_maintainer.tools.capacity_chart import draw, most_urgent

    try:
        png = draw(*most_urgent(outlooks.seen))
    except ValueError as reason:
        said = TextContent(type="text", text=f"No picture: {reason}")
        return result.model_copy(update={"content": [*result.content, said]})
    image = ImageContent(type="image", data=base64.b64encode(png).decode(), mime_type="image/png")
    return result.model_copy(update={"content": [*result.content, image]})
