"""The MCP tools as the agent calls them: in process, with every report and every failure remembered."""

import json
from collections.abc import Callable
from typing import Any, cast

from anthropic import beta_async_tool
from anthropic.lib.tools import BetaAsyncFunctionTool
from anthropic.lib.tools._beta_functions import ToolError
from mcp import Client, MCPError
from mcp.types import CallToolResult, TextContent
from mcp.types import Tool as Definition

from infra_maintainer.answer.ledger import Entry

Say = Callable[[str], None]
# The gate verifies every draft itself; a second way would only cost turns.
_NOT_FOR_THE_AGENT = frozenset({"verify_answer"})
_EVIDENCE_LINES = 60
AsyncTool = BetaAsyncFunctionTool[Any]


class Toolbox:
    """Tools of one MCP connection, and what came of calling them."""

    def __init__(self, client: Client, say: Say) -> None:
        self._client, self._say = client, say
        self.reports: list[str] = []
        self.failures: list[Entry] = []

    async def tools(self) -> list[AsyncTool]:
        """Every tool of the server, as the SDK's runner calls them."""
        listed = (await self._client.list_tools()).tools
        return [self._tool(each) for each in listed if each.name not in _NOT_FOR_THE_AGENT]

    def _tool(self, definition: Definition) -> AsyncTool:
        async def call(**arguments: Any) -> str:
            return await self._call(definition.name, arguments)

        return beta_async_tool(
            call,
            name=definition.name,
            description=definition.description or definition.name,
            input_schema=cast("Any", definition.input_schema),
        )

    async def _call(self, name: str, arguments: dict[str, Any]) -> str:
        """The tool's text and the evidence behind it. Raises ToolError with the name to disclose the failure by."""
        self._say(f"{name} …")

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            if message:
                self._say(f"{name}: {message}")

        try:
            result = await self._client.call_tool(name, arguments, progress_callback=on_progress)
        except MCPError as error:
            raise self._failed(name, str(error)) from error
        text = _text(result)
        if result.is_error:
            raise self._failed(name, text)
        content = cast("dict[str, Any]", result.structured_content or {})
        if isinstance(content.get("run"), str):
            self.reports.append(content["run"])
        return text + _evidence(content)

    def _failed(self, name: str, text: str) -> ToolError:
        entry = Entry(f"ev{len(self.failures) + 1}", status="error", detail=f"{name}: {text}")
        self.failures.append(entry)
        said = f"{text}\nThis call failed. If you cannot repair it, list {entry.id} under failed_evidence."
        return ToolError([{"type": "text", "text": said}])


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def _evidence(content: dict[str, Any]) -> str:
    """The cited records in one line each: a claim needs quantity, statistic, value, unit and subject exactly."""
    records = cast("list[dict[str, Any]]", content.get("evidence") or [])
    lines = [
        " ".join(
            (
                record["id"],
                record["kind"],
                record["quantity"],
                str(record.get("stat", "-")),
                json.dumps(record["value"], ensure_ascii=False),
                record["unit"],
                record["subject"],
                f"n={record['n']}" if record.get("n") else "",
            )
        ).rstrip()
        for record in records
        if "value" in record
    ]
    if not lines:
        return ""
    left_out = f"\n{len(lines) - _EVIDENCE_LINES} more: explain_evidence" if len(lines) > _EVIDENCE_LINES else ""
    head = "\nevidence: id kind quantity stat value unit subject n\n"
    return head + "\n".join(lines[:_EVIDENCE_LINES]) + left_out + f"\nreport run id: {content.get('run', '')}"
