"""The few aggregate questions asked of every bill, wherever it lives, and the typed rows that come back.

Each question is one checked-in .sql file per dialect under sql/. Only these aggregates leave a warehouse.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from pydantic import TypeAdapter

from infra_maintainer.bills.focus import Dialect, Shape

Question = Literal["daily", "tags", "resources", "commitments", "drivers", "overlap"]
Row = TypeVar("Row")


class DailyRow(NamedTuple):
    """Charges of one day, service, account, region, currency, category and class. Costs are in `currency`."""

    charge_day: date | None
    billing_month: date | None  # its first day
    provider: str | None
    service: str | None
    account: str | None
    region: str | None
    currency: str | None
    category: str | None
    charge_class: str | None
    rows_n: int
    billed: float
    effective: float
    list_cost: float
    contracted: float
    zeroed_billed: float  # billed on rows whose effective cost is 0
    unlisted_billed: float  # billed on rows without a list price
    inverted_rows: int  # rows whose list cost is below the contracted cost
    open_list: float  # list cost that a commitment could cover and none does
    idle_reservation: float
    bad_values: int

    @property
    def is_usage(self) -> bool:
        """A usage charge that is not a correction: what resource findings and anomaly series are made of."""
        return self.category == "Usage" and self.charge_class != "Correction"


class TagRow(NamedTuple):
    """Effective cost of usage by owner tag; `state` is owned, other_keys, empty, none or unreadable."""

    state: str
    owner: str | None
    currency: str | None
    effective: float
    rows_n: int


class ResourceRow(NamedTuple):
    """What one resource cost since the asked day, and what part of that a commitment paid."""

    resource_id: str | None
    currency: str | None
    recent: float
    covered: float
    recent_days: int
    all_recent: float  # of every resource in this currency, the charges without a resource included
    all_resources: int
    first_day: date
    last_day: date
    resource_name: str | None
    resource_type: str | None
    provider: str | None
    service: str | None
    region: str | None
    account: str | None
    tags: str | None


class CommitmentRow(NamedTuple):
    """One commitment discount in one month, by category and status of charge."""

    commitment_id: str
    commitment_type: str | None
    billing_month: date | None  # its first day
    currency: str | None
    category: str | None
    commitment_status: str | None
    provider: str | None
    billed: float
    effective: float
    list_cost: float
    first_day: date | None
    last_day: date | None
    rows_n: int


class DriverRow(NamedTuple):
    """What one resource cost on a day and on the day it is compared with."""

    resource_id: str | None
    currency: str | None
    after_cost: float
    before_cost: float


class OverlapRow(NamedTuple):
    """A day that several files hold alike."""

    charge_day: date | None
    rows_n: int
    billed: float
    files: list[str]


class Loading(NamedTuple):
    """How the bill was read: what was counted and what could not be."""

    source: str
    shape: Shape
    files: int
    unreadable_files: tuple[str, ...]
    other_files: tuple[str, ...]  # readable, but not a FOCUS cost-and-usage table
    broken_rows: int


class Bill(Protocol):
    """A bill that answers questions, in DuckDB over files or in the warehouse that holds it."""

    @property
    def loading(self) -> Loading:
        """What reading it said."""
        ...

    def ask(self, question: Question, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of one question. Raises BillError when the engine cannot answer."""
        ...


@cache
def sql_of(dialect: Dialect, question: Question) -> str:
    """The checked-in text of a question in a dialect."""
    return (
        resources.files("infra_maintainer.bills")
        .joinpath("sql", dialect, f"{question}.sql")
        .read_text(encoding="utf-8")
    )


def handed_out(dialect: str) -> dict[str, str]:
    """The questions as whole texts, to be run by hand in a warehouse that is not connected to; by name.

    Raises FileNotFoundError for a dialect without such texts.
    """
    folder = resources.files("infra_maintainer.bills").joinpath("sql", dialect)
    names = ("daily", "tags", "resources", "commitments")
    return {name: folder.joinpath(f"{name}.sql").read_text(encoding="utf-8") for name in names}


def typed_rows(row: type[Row], rows: Iterable[tuple[Any, ...]]) -> list[Row]:
    """The rows as named, typed tuples, whatever the driver returned for numbers and dates.

    Raises ValidationError when an engine returns other columns than the question names: a defect of ours.
    """
    found: list[Row] = _adapter(row).validate_python([tuple(each) for each in rows])
    return found


def _adapter(row: Any) -> TypeAdapter[Any]:
    return TypeAdapter(list[row])  # pyright: ignore[reportInvalidTypeForm]  # the row type is a value here
