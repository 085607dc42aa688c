"""The tool run_dr_checklist."""

from typing import Annotated, Any

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, Field

from infra_maintainer.assess.model import Report
from infra_maintainer.server.work import Detail, work
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.world.world import World

NOT_RUN = "No restore drill was run: it was not confirmed. Everything else was checked."
ON_THE_COMMAND_LINE = (
    "This host cannot ask its user, and a restore drill runs only when a person agrees. Nothing was run. "
    "In a terminal: infra-maintainer recovery {words}"
)


class Confirm(BaseModel):
    """The user's word."""

    proceed: bool = Field(description="run the restore drill now?")


def make(kit: Kit) -> Tool:
    """The tool over a kit."""

    async def ask(ctx: Context[Any], drill: list[str]) -> Confirm | Elicit[Confirm]:
        """Ask only when there is something to agree to. The text hangs on nothing but the arguments."""
        if not drill:
            return Confirm(proceed=False)
        _require_declared(kit, drill)
        capabilities = ctx.client_capabilities
        if capabilities is None or capabilities.elicitation is None:
            words = " ".join(f"--drill {name}" for name in drill)
            raise ToolError(ON_THE_COMMAND_LINE.format(words=words))
        scratch = kit.system.recovery.scratch
        return Elicit(
            f"Restore the newest copy of {', '.join(drill)} for real? It is fetched into {scratch}, restored into a "
            "throw-away PostgreSQL on a private socket, compared, timed, and removed again. The repository and the "
            "living database are only read.",
            Confirm,
        )

    async def run_dr_checklist(
        ctx: Context[Any],
        answer: Annotated[ElicitationResult[Confirm], Resolve(ask)],
        drill: Annotated[
            list[str], Field(max_length=10, description="declared backups to restore for real", examples=[["orders"]])
        ] = [],  # noqa: B006  # a literal default is what the schema shows; it is never changed
        target_time: Annotated[
            str, Field(description="restore to this moment (pgBackRest)", examples=["2026-11-24T14:30:00Z"])
        ] = "",
        canary: Annotated[bool, Field(description="damage the fetched copy: the drill must fail")] = False,
        detail: Annotated[Detail, Field(description="concise: under 8,000 characters")] = "concise",
        time_limit_s: Annotated[float, Field(ge=1, le=600, description="seconds, drills not counted")] = 60,
    ) -> Annotated[CallToolResult, Report]:
        agreed = bool(drill) and isinstance(answer, AcceptedElicitation) and answer.data.proceed
        names = list(dict.fromkeys(drill)) if agreed else []

        def job(world: World, progress: Progress) -> Report:
            from infra_maintainer.tools.drill import drill_backups, moment_of
            from infra_maintainer.tools.recovery import run_dr_checklist as check

            moment = moment_of(target_time) if target_time else None
            drills = drill_backups(kit, world, names, progress, canary=canary, target_time=moment)
            report = check(kit, world, [], progress, drills)
            refused = bool(drill) and not agreed
            return report.model_copy(update={"notes": [NOT_RUN, *report.notes]}) if refused else report

        limit = time_limit_s + kit.system.recovery.drill_limit_s * len(names)
        return await work(ctx, kit, limit, detail, job)

    return Tool.from_function(
        run_dr_checklist,
        title="Would we get it back?",
        description=(
            "Checks declared backups (age, gaps, retention, integrity, encryption, place), restore drills, RTO "
            "and RPO targets beside tests, single points of failure, runbooks. `drill` restores for real into a "
            "scratch place, times, compares, records; the user is asked first. Untested is never a pass."
        ),
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
        ),
    )


def _require_declared(kit: Kit, names: list[str]) -> None:
    """Raises ToolError for a name that is not declared, before anybody is asked."""
    from infra_maintainer.tools.drill import chosen

    try:
        chosen(kit.system, names)
    except ValueError as mistake:
        raise ToolError(str(mistake)) from mistake
