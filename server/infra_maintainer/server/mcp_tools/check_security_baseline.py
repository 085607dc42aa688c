"""The tool check_security_baseline."""

from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from infra_maintainer.assess.model import Report
from infra_maintainer.server.work import Detail, work
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.security import check_security_baseline as check


def make(kit: Kit) -> Tool:
    """The tool over a kit."""

    async def check_security_baseline(
        ctx: Context[Any],
        urls: Annotated[
            list[str], Field(description="addresses whose TLS to measure", examples=[["https://shop.example/"]])
        ] = [],  # noqa: B006  # a literal default is what the schema shows; it is never changed
        exact: Annotated[
            bool,
            Field(
                description="date each pending fix by its changelog, in the background (downloads); later calls tell"
            ),
        ] = False,
        detail: Annotated[Detail, Field(description="detailed: all evidence")] = "concise",
        time_limit_s: Annotated[float, Field(ge=1, le=600, description="seconds")] = 60,
    ) -> Annotated[CallToolResult, Report]:
        return await work(
            ctx,
            kit,
            time_limit_s,
            detail,
            lambda world, progress: check(kit, world, urls, progress, exact=exact, background=kit.store is not None),
        )

    return Tool.from_function(
        check_security_baseline,
        title="Is it safe?",
        description=(
            "The security baseline of this machine and the declared system: TLS by handshake, age of missing fixes, "
            "encryption at rest, rights, second factors, open secrets (never their values), firewall, exercised plans, "
            "security theatre. What privilege hides is unknown, with the step that would tell. Reads only. About 10 s."
        ),
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
        ),
    )
