"""`[[scaling]]`: what one instance of a service carries and how more of them come."""

from datetime import date

from pydantic import Field

from infra_maintainer.system.section import Section


class Scaling(Section):
    """Declared, so never presented as measured; `declared_on` is the date of the load test or the decision."""

    service: str
    declared_on: date
    sustains_per_instance: float | None = Field(default=None, gt=0, description="requests per second within limits")
    time_to_scale_s: float | None = Field(default=None, gt=0)
    by_hand: bool | None = None
    connections_per_instance: int | None = Field(default=None, ge=1, description="database connections it opens")
    minimum: int | None = Field(default=None, ge=0)
    maximum: int | None = Field(default=None, ge=1)
    trigger: float | None = Field(default=None, gt=0, le=100, description="use in % at which an instance is added")
    cool_down_s: float | None = Field(default=None, ge=0)
    spike_multiple: float | None = Field(default=None, gt=1, description="the spike that you expect, times the peak")
