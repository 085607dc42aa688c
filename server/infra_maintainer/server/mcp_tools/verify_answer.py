"""The tool verify_answer."""

from typing import Annotated

import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from infra_maintainer.answer.verification import Verification
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.tools.kit import Kit


def make(kit: Kit) -> Tool:
    """The tool over a kit."""

    async def verify_answer(
        answer: Annotated[str, Field(description="your whole draft, word for word", max_length=40_000)],
        reports: Annotated[
            list[str], Field(min_length=1, max_length=10, description="run ids of the reports it speaks of")
        ],
        question: Annotated[str, Field(description="the user's question, word for word", max_length=20_000)] = "",
    ) -> Annotated[CallToolResult, Verification]:
        from infra_maintainer.answer.brief import brief, text
        from infra_maintainer.tools.verify import verify_answer as verify

        try:
            checked = await anyio.to_thread.run_sync(verify, kit, answer, reports, question)
        except (StoreError, ValueError) as mistake:
            raise ToolError(str(mistake)) from mistake
        small = brief(checked)
        return CallToolResult(
            content=[TextContent(type="text", text=text(small))],
            structured_content=small.model_dump(mode="json", exclude_none=True),
        )

    return Tool.from_function(
        verify_answer,
        title="Does this answer hold?",
        description=(
            "Checks a drafted answer against reports: each number is supported, the user's, policy, or unsupported or "
            "contradicted (nearest evidence shown); also a verdict rosier than the reports, unknowns or serious "
            "findings left unsaid, harmful advice. Call it before you answer; repair what it names, call again."
        ),
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )
