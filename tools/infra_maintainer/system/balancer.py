"""`[[balancer]]`: HAProxy by its statistics socket or page, nginx by its stub_status page."""

from typing import Self

from pydantic import Field, model_validator

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url


class Balancer(Section):
    """Exactly one way to its own status."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    haproxy_socket: str | None = Field(default=None, examples=["/run/haproxy/admin.sock"])
    haproxy_url: Url | None = Field(default=None, examples=["http://127.0.0.1:8404/stats;csv"])
    nginx_url: Url | None = Field(default=None, examples=["http://127.0.0.1/nginx_status"])

    @model_validator(mode="after")
    def one_way(self) -> Self:
        """Raise ValueError unless exactly one of the three is given."""
        if sum(each is not None for each in (self.haproxy_socket, self.haproxy_url, self.nginx_url)) != 1:
            raise ValueError("give exactly one of haproxy_socket, haproxy_url, nginx_url")
        return self
