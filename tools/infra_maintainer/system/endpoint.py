"""`[[endpoint]]`: an address that users or machines call."""

from pydantic import Field

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url


class Endpoint(Section):
    """An address to measure. `samples` requests are sent open-loop, evenly over `window_s` seconds."""

    url: Url
    service: str | None = None
    critical: bool = True
    samples: int = Field(default=100, ge=1, le=5000)
    window_s: float = Field(default=5.0, ge=0, le=300)
    timeout_s: float = Field(default=5.0, gt=0, le=60)
    ca_file: str | None = Field(default=None, description="PEM file of a private certificate authority")
