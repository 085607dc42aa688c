"""`[[cloud]]`: an account whose inventory and metrics may be read, with the provider's own credentials."""

from typing import Literal

from pydantic import Field

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url


class Cloud(Section):
    """An account: the profile of the provider's own tools, the regions to look at, and declared retention."""

    provider: Literal["aws"] = "aws"
    profile: str | None = None
    regions: list[str] = Field(min_length=1, max_length=40)
    snapshot_retention_days: float | None = Field(
        default=None, gt=0, description="nothing is over it when not declared"
    )
    endpoint: Url | None = Field(default=None, description="another implementation of the API, such as LocalStack")
