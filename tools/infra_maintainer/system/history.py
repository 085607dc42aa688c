"""`[[history]]`: where the past of a quantity is kept. `[[quota]]`: a licence or quota that users forget."""

from datetime import date
from typing import Self

from pydantic import Field, field_validator, model_validator

from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url


class History(Section):
    """The past of one quantity of one subject: a CSV file, a log, or a query to a Prometheus-compatible server."""

    subject: str = Field(pattern=r"^[a-z_]+:.+$", examples=["service:shop"])
    quantity: str = Field(examples=["service.load"])
    csv: str | None = None
    prometheus: Url | None = None
    query: str | None = None
    access_log: str | None = Field(
        default=None, description="an [[access_log]] by name: service.load from its requests"
    )
    counter: bool = False
    days: int = Field(default=90, ge=1, le=800)
    limit: float | None = Field(default=None, description="level not to be reached; default: the policy's")
    ceiling: float | None = Field(default=None, description="physical bound; default: 100 for percentages")

    @field_validator("quantity")
    @classmethod
    def quantity_is_known(cls, quantity: str) -> str:
        """Raise ValueError for a quantity nobody defined."""
        unit_of(quantity)
        return quantity

    @model_validator(mode="after")
    def one_origin(self) -> Self:
        """Raise ValueError unless exactly one of `csv`, `prometheus` with `query`, and `access_log` is given."""
        if [self.csv, self.prometheus, self.access_log].count(None) != 2 or (self.prometheus is None) != (
            self.query is None
        ):
            raise ValueError("give either csv, or prometheus with query, or access_log")
        if self.access_log is not None and (self.quantity != "service.load" or self.counter):
            raise ValueError("an access_log tells service.load and nothing else")
        return self


class Quota(Section):
    """A licence or a provider's quota; `used` and `limit` as of `declared_on`."""

    name: str
    limit: float = Field(gt=0)
    used: float | None = Field(default=None, ge=0)
    declared_on: date
