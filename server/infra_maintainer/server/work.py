"""Run a job for a tool call: in a thread, with progress, cancellable, time-limited, answered on both channels."""

import threading
from collections.abc import Callable
from typing import Any, Literal

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent

from infra_maintainer.assess.model import Report
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.world.world import World

Detail = Literal["concise", "detailed"]
GRACE_S = 5.0  # for judging and keeping after the last source had to stop
LEAVE_S = 2.0
DETAILED_CHARACTERS = 45_000  # above about 50,000 hosts replace a result by a file


async def work(
    ctx: Context[Any], kit: Kit, time_limit_s: float, detail: Detail, job: Callable[[World, Progress], Report]
) -> CallToolResult:
    """The job's report as a tool result. Raises ToolError for the caller's mistakes, with the next step."""
    world = kit.world(time_limit_s)
    steps, ended = 0, threading.Event()
    loop = anyio.lowlevel.current_token()  # sources run in threads of their own, which know no loop

    def progress(message: str) -> None:
        nonlocal steps
        if world.deadline.cancelled:
            return
        steps += 1
        anyio.from_thread.run(ctx.report_progress, float(steps), None, message, token=loop)

    def run() -> Report:
        try:
            return job(world, progress)
        finally:
            ended.set()

    try:
        with anyio.fail_after(time_limit_s + GRACE_S):
            report = await anyio.to_thread.run_sync(run, abandon_on_cancel=True)
    except ValueError as mistake:
        raise ToolError(str(mistake)) from mistake
    except TimeoutError as error:
        raise ToolError(f"No answer within {time_limit_s:g} s. Call again with a larger time_limit_s.") from error
    finally:
        world.deadline.cancel()  # whatever is still at work for nobody stops now
        with anyio.CancelScope(shield=True):  # it may still be telling its progress: leave when it has ended
            await anyio.to_thread.run_sync(ended.wait, LEAVE_S)
    return reply(report, detail)


def reply(report: Report, detail: Detail) -> CallToolResult:
    """A report on both channels, each complete on its own, each within the size that hosts accept."""
    from infra_maintainer.report.brief import LIMIT_CHARACTERS, brief
    from infra_maintainer.report.text import render_text

    limit = LIMIT_CHARACTERS if detail == "concise" else DETAILED_CHARACTERS
    small = brief(report, limit, whole_evidence=detail == "detailed")
    return CallToolResult(
        content=[TextContent(type="text", text=render_text(small, detail=True, width=10_000))],
        structured_content=small.model_dump(mode="json", exclude_none=True),
    )
