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

from infra_maintainer.answer.from_reports import run_of
from infra_maintainer.answer.ledger import Entry
from infra_maintainer.answer.owed import owed
from infra_maintainer.assess.model import Report
from infra_maintainer.assess.policy import baseline
from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import load_reports

Say = Callable[[str], None]
# The gate verifies every draft itself; a second way would only cost turns.
_NOT_FOR_THE_AGENT = frozenset({"verify_answer"})
_EVIDENCE_LINES = 60
AsyncTool = BetaAsyncFunctionTool[Any]


class Toolbox:
    """Tools of one MCP connection, and what came of calling them."""

    def __init__(self, client: Client, kit: Kit, say: Say) -> None:
        self._client, self._kit, self._say = client, kit, say
        self.reports: list[str] = []
        self.failures: list[Entry] = []

    async def tools(self) -> list[AsyncTool]:
        """Every tool of the server, as the SDK's runner calls them."""
        listed = (await self._client.list_tools()).tools
        return [self._tool(each) for each in listed if each.name not in _NOT_FOR_THE_AGENT]

    def _tool(self, definition: Definition) -> AsyncTool:
        async def call(**arguments: Any) -> str:
            return await self.call(definition.name, arguments)

        return beta_async_tool(
            call,
            name=definition.name,
            description=definition.description or definition.name,
            input_schema=cast("Any", definition.input_schema),
        )

    async def call(self, name: str, arguments: dict[str, Any]) -> str:
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
        run = content.get("run")
        if not isinstance(run, str):
            return text
        self.reports.append(run)
        (report,) = load_reports(self._kit, [run])
        return f"{text}\n{_lines_of(report)}"

    def _failed(self, name: str, text: str) -> ToolError:
        entry = Entry(f"ev{len(self.failures) + 1}", status="error", detail=f"{name}: {text}")
        self.failures.append(entry)
        said = f"{text}\nThis call failed. If you cannot repair it, list {entry.id} under failed_evidence."
        return ToolError([{"type": "text", "text": said}])


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def _lines_of(report: Report) -> str:
    """What a structured answer must copy exactly: codes, quantities, and the evidence behind the findings first."""
    findings = [
        f"finding: {each.severity} {each.code} on {each.subject}{_rule(each.policy, report)}"
        for each in report.findings
    ]
    cited = [id for each in (*report.findings, *report.passes) for id in each.evidence]
    order = {id: index for index, id in enumerate(dict.fromkeys(cited))}
    records = sorted(report.evidence, key=lambda record: order.get(record.id, len(order)))
    known = [_line(record) for record in records if not isinstance(record, Missing)]
    more = f"{len(known) - _EVIDENCE_LINES} more: explain_evidence" if len(known) > _EVIDENCE_LINES else ""
    head = "evidence: id kind quantity stat value unit subject n"
    parts = [f"report run id: {report.run}", *findings, *owed(run_of([report])), head, *known[:_EVIDENCE_LINES], more]
    return "\n".join(part for part in parts if part)


def _rule(policy: str | None, report: Report) -> str:
    """The rule with its value in force and its unit, as a claim of kind "policy" states them."""
    rule = baseline().get(policy or "")
    if rule is None or isinstance(rule.value, bool):
        return f", rule {policy}" if policy else ""
    value = next((one.value for one in report.overrides if one.policy == rule.id), rule.value)
    return f", rule {rule.id} (value {value:g}, unit {rule.unit})"


def _line(record: Measured | Derived | Declared) -> str:
    stat = "-" if isinstance(record, Declared) else record.stat
    n = f"n={record.n}" if isinstance(record, Measured) and record.n else ""
    value = json.dumps(record.value, ensure_ascii=False)
    return f"{record.id} {record.kind} {record.quantity} {stat} {value} {record.unit} {record.subject} {n}".rstrip()
