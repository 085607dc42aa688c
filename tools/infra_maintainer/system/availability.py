"""`[availability]` and `[[planned_downtime]]`: over which window availability is told, and when users were warned."""

from pydantic import AwareDatetime, Field, model_validator

from infra_maintainer.system.section import Section


class Availability(Section):
    """The window, and the longest time that one sample may speak for when samples are rare."""

    window_days: float = Field(default=30, gt=0, le=365)
    longest_gap_min: float = Field(default=60, gt=0, le=1440)


class PlannedDowntime(Section):
    """Announced downtime of a service. It counts against users' availability like any other, and is shown apart."""

    service: str
    begin: AwareDatetime = Field(alias="from", description="with its offset: 2026-11-02T22:00:00+01:00")
    end: AwareDatetime = Field(alias="to", description="with its offset: 2026-11-02T23:00:00+01:00")
    why: str

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "PlannedDowntime":
        if self.end <= self.begin:
            raise ValueError("planned downtime must end (to) after it begins (from)")
        return self
