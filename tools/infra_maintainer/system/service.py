"""`[[service]]`: something people use, its journeys, its owner and what it is made of."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from infra_maintainer.system.section import Section


def web_address(url: str) -> str:
    """Raise ValueError for anything but http(s)://host… without a password in it."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not rest.strip("/"):
        raise ValueError(f"{url!r} is not a web address; write it with http:// or https://")
    if not url.isprintable() or " " in url:
        raise ValueError("a web address holds no spaces and no control characters; write them as %20 and the like")
    try:
        whole = bool(urlsplit(url).hostname) and urlsplit(url).port != 0
    except ValueError:
        whole = False
    if not whole:
        raise ValueError(f"{url!r} has no host, or no port from 1 to 65535; write it like https://shop.example:8443/")
    if "@" in rest.split("/", 1)[0]:
        raise ValueError("a web address must not carry a user name or password")
    return url


Url = Annotated[str, AfterValidator(web_address)]


class Step(Section):
    """One request of a journey, and what counts as success. No `expect_status` means any status below 400."""

    url: Url
    method: Literal["GET", "HEAD", "POST"] = "GET"
    expect_status: list[int] = []
    expect_text: str | None = None
    reject_text: str | None = None
    timeout_s: float = Field(default=10.0, gt=0, le=60)


class Journey(Section):
    """What a user does, step by step. The service is up when this works, not when a host answers."""

    name: str
    critical: bool = True
    step: list[Step] = Field(min_length=1)
    routes: list[Annotated[str, Field(pattern=r"^[^\s].{0,199}$")]] = Field(
        default=[], description="its requests as reports name routes: GET /cart, POST /pay/:id, or /cart by any method"
    )
    counted_by: str | None = Field(
        default=None, description="name of the [[access_log]] or [[prometheus]] that counts them; else each that does"
    )

    limit_ms: float | None = Field(
        default=None, gt=0, le=600_000, description="an answer that took longer counts as none, where a log has times"
    )

    @model_validator(mode="after")
    def counts_something(self) -> Self:
        """Raise ValueError for `counted_by` or `limit_ms` without routes: they would do nothing, silently."""
        if (self.counted_by is not None or self.limit_ms is not None) and not self.routes:
            raise ValueError("counted_by and limit_ms need routes")
        return self


class Service(Section):
    """A service as its users and its owner know it."""

    name: str
    owner: str | None = None
    critical: bool = True
    journey: list[Journey] = []
    instances: int | None = Field(default=None, ge=1)
    depends_on: list[str] = Field(default=[], description="services; a name with ? at its end is optional")
    minimum: int = Field(default=1, ge=1, description="instances that must live for the service to be up")
    failover: Literal["manual", "automatic"] | None = None
    price_per_month: float | None = Field(default=None, ge=0)
    currency: str | None = None
