"""The gate before every tool call: arguments are checked, the pace is kept, and each call is audited."""

import json
import logging
from typing import Any, cast

from mcp.types import CallToolResult, TextContent
from pydantic import ValidationError

from infra_maintainer.server.catalogue import Catalogue
from infra_maintainer.server.pace import Pace
from infra_maintainer.tools.kit import Kit

log = logging.getLogger(__name__)


class Gate:
    """Middleware of the server."""

    def __init__(self, catalogue: Catalogue, kit: Kit, pace: Pace | None = None) -> None:
        self._catalogue = catalogue
        self._kit = kit
        self._pace = pace or Pace()

    async def __call__(self, ctx: Any, call_next: Any) -> Any:
        """Refuse a call with bad arguments; pass the rest on; write down what was called and how it ended."""
        if ctx.method != "tools/call":
            return await call_next(ctx)
        params: dict[str, Any] = dict(ctx.params or {})
        name = str(params.get("name", ""))
        arguments = cast("dict[str, Any]", params.get("arguments") or {})
        refusal = self._refusal(name, arguments) or self._pace.enter(name, arguments)
        if refusal:
            await self._audit(name, arguments, "refused")
            return CallToolResult(is_error=True, content=[TextContent(type="text", text=refusal)])
        outcome = "failed"
        try:
            result = await call_next(ctx)
            outcome = "error" if _is_error(result) else "ok"
            return result
        finally:
            self._pace.leave(name, arguments)
            await self._audit(name, arguments, outcome)

    def _refusal(self, name: str, arguments: dict[str, Any]) -> str | None:
        """What is wrong with a call, the allowed arguments and the next step; None when nothing is."""
        from infra_maintainer.evidence.redact import redact

        tool = self._catalogue.tool(name)
        if tool is None:
            return f"There is no tool {redact(name)[:80]!r}. Tools: {', '.join(self._catalogue.names)}."
        allowed = list(tool.parameters.get("properties", {}))
        metadata = tool.fn_metadata
        try:
            metadata.arg_model.model_validate(metadata.pre_parse_json(arguments))
        except ValidationError as error:
            problems = "; ".join(_problem(dict(each), arguments) for each in error.errors())
            return f"{name}: {problems}. Arguments: {', '.join(allowed)}. Call it again with these."
        return None

    async def _audit(self, tool: str, arguments: dict[str, Any], outcome: str) -> None:
        import anyio

        from infra_maintainer.evidence.audit import append
        from infra_maintainer.evidence.store import StoreError

        store = self._kit.store
        if store is None:
            return
        try:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(append, store, tool, arguments, outcome)
        except StoreError as error:
            log.error("audit: %s", error)


def _problem(error: dict[str, Any], arguments: dict[str, Any]) -> str:
    """One mistake in words, with the value that was given."""
    from infra_maintainer.evidence.redact import redact

    path = [str(part) for part in error["loc"]]
    if error["type"] == "extra_forbidden":
        return f"unknown argument {redact(path[-1])[:80]!r}"
    if error["type"] == "missing":
        return f"argument {path[-1]!r} is missing"
    given = json.dumps(arguments.get(path[0]), ensure_ascii=False, default=str)
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{'.'.join(path)} = {redact(given)[:120]}: {message[:1].lower()}{message[1:]}"


def _is_error(result: Any) -> bool:
    if isinstance(result, dict):
        return bool(cast("dict[str, Any]", result).get("isError"))
    return bool(getattr(result, "is_error", False))
