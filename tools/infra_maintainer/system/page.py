"""`[[page]]`: a page of which the browsers of real users report their timings, or which a browser here may load."""

from typing import Self

from pydantic import Field, model_validator

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url


class Page(Section):
    """`beacons` is a file of JSON lines that the site's own script sent: load_ms, navigation_ms, interactive_ms."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    beacons: str | None = Field(default=None, examples=["/var/log/shop/beacons.jsonl"])
    url: Url | None = Field(default=None, description="loaded by a real Chromium here when there are no beacons")
    loads: int = Field(default=5, ge=1, le=50)

    @model_validator(mode="after")
    def something_to_look_at(self) -> Self:
        """Raise ValueError when neither beacons nor url is given."""
        if self.beacons is None and self.url is None:
            raise ValueError("give beacons, url, or both")
        return self
