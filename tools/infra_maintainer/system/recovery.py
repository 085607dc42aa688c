"""`[recovery]`: where and as whom a restore drill runs."""

from pathlib import Path

from pydantic import Field

from infra_maintainer.system.section import Section


class Recovery(Section):
    """Settings of the drill. The scratch needs a short path (sockets) and 2.5 times the room of a backup."""

    scratch: Path = Path("/var/tmp")
    user: str | None = Field(default=None, description="the ordinary user of the restored server when root drills")
    postgres_bin: Path | None = None
    drill_limit_s: float = Field(default=3600.0, gt=0, le=86_400)
