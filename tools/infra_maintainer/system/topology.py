"""What the system is made of: `[[instance]]`, `[[shared]]`, `[[user_journey]]`, `[[accepted_risk]]`."""

from datetime import date
from typing import Literal

from pydantic import Field

from infra_maintainer.system.section import Section


class Instance(Section):
    """One running part of a service, and what it falls with."""

    name: str
    service: str
    host: str | None = None
    zone: str | None = None
    vendor: str | None = None


class Shared(Section):
    """A certificate, name, balancer, secret, pipeline or person that services hang on."""

    name: str
    kind: Literal["certificate", "dns", "load_balancer", "identity", "secret", "pipeline", "person", "network", "other"]
    carries: list[str] = Field(min_length=1)


class UserJourney(Section):
    """What users do that needs several services at once."""

    name: str
    services: list[str] = Field(min_length=1)


class AcceptedRisk(Section):
    """A single point of failure that the owner lives with, why, and until when."""

    subject: str = Field(description="the point as the report names it, such as zone:1", examples=["zone:1"])
    why: str
    by: str
    until: date | None = None
