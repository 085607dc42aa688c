"""`[[prometheus]]`: a server that speaks the Prometheus API: Prometheus, Thanos, Mimir, VictoriaMetrics."""

from pydantic import Field

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url

_METRIC = r"^[a-zA-Z_:][a-zA-Z0-9_:]*$"
_LABEL = r"^[a-zA-Z_][a-zA-Z0-9_]*$"


class Prometheus(Section):
    """Where it is, and how the metrics of user requests are called there."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    url: Url
    token_file: str | None = Field(default=None, description="file with a bearer token")
    user_file: str | None = Field(default=None, description="file with user:password")
    tenant: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+$", description="X-Scope-OrgID of Mimir")
    requests: str = Field(default="http_requests_total", pattern=_METRIC)
    duration: str = Field(default="http_request_duration_seconds", pattern=_METRIC, description="histogram, seconds")
    route_label: str = Field(default="route", pattern=_LABEL)
    status_label: str = Field(default="code", pattern=_LABEL)
    window_minutes: int = Field(default=60, ge=5, le=10080)
    rate_minutes: int = Field(default=5, ge=1, le=60, description="at least four scrape intervals")
