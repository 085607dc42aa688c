"""`[[access_log]]`: where a balancer or web server writes down what its users asked and got."""

from typing import Self

from pydantic import Field, model_validator

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url
from infra_maintainer.system.zone import Timezone


class AccessLog(Section):
    """Log files of one server, a rotated set by a pattern, or an engine that already holds them."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$", examples=["shop"])
    path: str | None = Field(default=None, examples=["/var/log/nginx/access.log*"])
    format: str | None = Field(default=None, description="known name, or nginx log_format or Apache LogFormat text")
    server_config: str | None = Field(default=None, examples=["/etc/nginx/nginx.conf"])
    clickhouse: Url | None = Field(default=None, description="address of a ClickHouse that holds the requests")
    table: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")
    loki: Url | None = Field(default=None, description="address of a Loki that holds the lines (not yet run on one)")
    selector: str | None = Field(default=None, pattern=r"^\{[^{}`]+\}$", examples=['{job="nginx"}'])
    tenant: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+$", description="X-Scope-OrgID of Loki")
    columns: dict[str, str] = Field(
        default={}, description="our field name -> column of the table", examples=[{"target": "path", "agent": "ua"}]
    )
    user_file: str | None = Field(default=None, description="file with user:password for the engine")
    hours: float = Field(default=24, gt=0, le=24 * 35, description="how far back an engine is asked")
    critical: bool = True
    timezone: Timezone | None = Field(default=None, description="of times that carry none, as HAProxy writes them")

    @model_validator(mode="after")
    def one_place(self) -> Self:
        """Raise ValueError unless exactly one of path, clickhouse with table, and loki with its words, is given."""
        if [self.path, self.clickhouse, self.loki].count(None) != 2:
            raise ValueError("give exactly one of path, clickhouse and loki")
        if (self.loki is None) != (self.selector is None) or (self.loki is not None and self.format is None):
            raise ValueError("loki needs selector and format, and nothing else needs a selector")
        if (self.clickhouse is None) != (self.table is None):
            raise ValueError("clickhouse needs table")
        return self
