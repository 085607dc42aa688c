"""`[machine]`: what this machine costs, as its owner pays for it, and the plans it could move to."""

from datetime import date

from pydantic import Field

from infra_maintainer.system.section import Section


class Plan(Section):
    """A plan on offer: price per month and what it gives."""

    name: str
    price: float = Field(ge=0)
    vcpus: float = Field(gt=0)
    ram_gb: float = Field(gt=0)
    disk_gb: float = Field(gt=0)


class Machine(Section):
    """The present plan: a flat fee per month. What is deleted lowers it only when the plan changes."""

    price: float = Field(ge=0, description="per month")
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    plan: str | None = None
    term_ends: date | None = None
    declared_on: date | None = None
    smaller: list[Plan] = []
