"""`[[bill]]`: a FOCUS bill, in files or in the warehouse that holds it; `[[keep]]`: what is kept on purpose."""

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from infra_maintainer.system.section import Section
from infra_maintainer.system.service import Url


class Bill(Section):
    """Where a FOCUS cost-and-usage table is. Exactly one of `path`, `results` and `warehouse`."""

    name: str = Field(default="main", pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    path: str | None = Field(default=None, description="a file, a folder or a pattern: CSV, CSV.gz, Parquet")
    results: str | None = Field(default=None, description="a folder with the answers of the checked-in queries as CSV")
    warehouse: Literal["postgresql", "clickhouse"] | None = None
    dsn: str | None = Field(default=None, description="of PostgreSQL, without a password")
    url: Url | None = Field(default=None, description="of ClickHouse's HTTP interface")
    user: str | None = None
    password_file: str | None = None
    table: str = Field(default="focus", description="schema.table in the warehouse")
    owner_tag: str = Field(default="team", description="the tag that names who pays")
    memory_mb: int = Field(default=512, ge=128, le=65_536)
    commitment_discount: float | None = Field(default=None, gt=0, lt=1, description="0.27 for 27 % off")
    load_stays_months: float | None = Field(default=None, gt=0, description="how long the owner says the load stays")

    @model_validator(mode="after")
    def one_place(self) -> Self:
        """Raise ValueError for a bill without a place, or with two."""
        if sum(each is not None for each in (self.path, self.results, self.warehouse)) != 1:
            raise ValueError("a bill has exactly one of path, results and warehouse")
        needed = {"postgresql": self.dsn, "clickhouse": self.url}
        if self.warehouse and needed[self.warehouse] is None:
            raise ValueError("warehouse postgresql needs dsn, warehouse clickhouse needs url")
        if self.dsn and "password" in self.dsn.lower():
            raise ValueError("dsn must not carry a password; use password_file")
        return self


class Keep(Section):
    """A resource that somebody keeps on purpose, with the reason, and until when."""

    resource: str
    reason: str
    until: date | None = None
