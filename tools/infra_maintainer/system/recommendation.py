"""`[[recommendation]]` and `[[opencost]]`: what other tools say about cost, to be put through the guards."""

from pydantic import Field

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url


class Recommendation(Section):
    """A file that a recommender wrote: CSV or JSON."""

    path: str


class Opencost(Section):
    """OpenCost's API in a cluster."""

    url: Url
    cluster: str = "main"
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    days: int = Field(default=30, ge=1, le=90)
