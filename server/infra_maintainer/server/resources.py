"""Resources: each kept report by its run id, and the policy in force."""

import json
from typing import Any

import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from infra_maintainer.tools.kit import Kit


def add_resources(server: MCPServer[Any], kit: Kit) -> None:
    """Add them to a server."""

    @server.resource(
        "policy://in-force",
        title="Policy in force",
        mime_type="application/json",
        description="Every rule that decides a verdict: id, value, unit, severity, reason; overrides included.",
    )
    def policy() -> str:  # pyright: ignore[reportUnusedFunction]
        rules = [rule.model_dump(mode="json") for rule in kit.policy.rules()]
        return json.dumps({"rules": rules, "overrides": [each.model_dump() for each in kit.policy.overrides]})

    @server.resource(
        "report://{run}",
        title="A kept report",
        mime_type="application/json",
        description="The whole report of a run, by the run id that a tool returned.",
    )
    async def report(run: str) -> str:  # pyright: ignore[reportUnusedFunction]
        from infra_maintainer.evidence.store import StoreError

        if kit.store is None:
            raise ResourceError("nothing is kept in this run (--no-store)")
        try:
            found = await anyio.to_thread.run_sync(kit.store.report, run)
        except StoreError as error:
            raise ResourceError(str(error)) from error
        if found is None:
            raise ResourceNotFoundError(f"no report {run!r} is kept; run ids come from the tools' replies")
        return found
