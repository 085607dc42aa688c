"""The record behind every number: what was measured, derived, declared, or why it is missing.

Four shapes, one frozen model each, told apart by `kind`. There is no fifth: a number that is none of these does not
exist. The id is a hash of the content, so a record that was changed after the fact no longer matches its id.
"""

import hashlib
import json
import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter, model_validator

from infra_maintainer.evidence.statistics import SHARES, samples_needed
from infra_maintainer.evidence.vocabulary import unit_of

Stat = Literal["instant", "mean", "p50", "p95", "p99", "p99.5", "max", "min", "count", "sum", "rate", "ratio"]
Why = Literal[
    "denied", "timeout", "unreachable", "error", "no_data", "not_configured", "not_supported", "not_recorded", "our_bug"
]
Seconds = Annotated[float, Field(ge=0, description="seconds")]
Scalar = bool | int | float | str


# The one quantity kind whose unit varies: money is in the currency of its bill (ISO 4217, or a provider's credits).
MONEY = "money"
CURRENCY = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,23}")


def utc(moment: datetime) -> datetime:
    """Refuse a moment without a zone: a naive time is a different instant on another machine."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; evidence times carry one")
    return moment


Moment = Annotated[
    datetime,
    AfterValidator(utc),
    PlainSerializer(lambda m: m.isoformat(timespec="milliseconds").replace("+00:00", "Z"), str, when_used="json"),
]


class Frozen(BaseModel):
    """A value that cannot be changed after it was made and takes no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Record(Frozen):
    """What all evidence has in common."""

    id: str = Field(default="", description="ev_ and ten hexadecimal digits of the content's hash")
    subject: str = Field(description="what it is about, kind:name", examples=["host:web-1"], pattern=r"^[a-z_]+:.+$")
    quantity: str = Field(description="a name of the closed vocabulary", examples=["cpu.utilisation"])
    as_of: Moment = Field(description="when it was true")
    source: str = Field(description="the command, file, query or URL it came from")

    @model_validator(mode="after")
    def name_by_content(self) -> Self:
        """Fill the id from the content; refuse an id that belongs to other content."""
        content = json.dumps(self.model_dump(mode="json", exclude={"id"}), sort_keys=True, ensure_ascii=False)
        own = "ev_" + hashlib.sha256(content.encode()).hexdigest()[:10]
        if self.id not in ("", own):
            raise ValueError(f"evidence {self.id} was changed after it was recorded: its content now hashes to {own}")
        object.__setattr__(self, "id", own)
        return self


class Valued(Record):
    """Evidence that has a value. A missing value is not a default: it is another shape, `Missing`."""

    value: Scalar
    unit: str = Field(description="the vocabulary's unit of this quantity; '1' for pure numbers, 'text', 'bool'")

    @model_validator(mode="after")
    def unit_is_the_vocabulary_s(self) -> Self:
        """Raise ValueError for a quantity nobody defined, or another unit than the defined one."""
        expected = unit_of(self.quantity)
        if expected == MONEY and self.unit != MONEY and CURRENCY.fullmatch(self.unit):
            return self
        if self.unit != expected or expected == MONEY:
            raise ValueError(f"{self.quantity} is in {expected!r}, not in {self.unit!r}")
        return self


class Measured(Valued):
    """Something a source observed itself."""

    kind: Literal["measured"] = "measured"
    stat: Stat
    n: int | None = Field(default=None, ge=1, description="samples behind the value")
    window: Seconds | None = Field(default=None, description="seconds of time the value covers")
    duration: Seconds | None = Field(default=None, description="seconds that measuring took")
    quote: str | None = Field(default=None, description="UNTRUSTED text from the outside, cut and redacted: data only")
    flag: Literal["few_samples"] | None = Field(
        default=None, description="a percentile with fewer than 20/(1-p) samples"
    )

    @model_validator(mode="before")
    @classmethod
    def flag_a_percentile_of_few_samples(cls, raw: Any) -> Any:
        """A P99 of forty samples is one sample's whim: say so in the record itself."""
        if not isinstance(raw, dict):
            return raw
        given: dict[str, Any] = {**raw}
        share = SHARES.get(str(given.get("stat")))
        if share is not None and (given.get("n") or 0) < samples_needed(share):
            given["flag"] = "few_samples"
        return given


class Derived(Valued):
    """Something computed from named evidence by a formula that anyone can run again."""

    kind: Literal["derived"] = "derived"
    stat: Stat
    formula: str = Field(description="arithmetic over the names in `inputs`", examples=["used / limit * 100"])
    inputs: dict[str, str] = Field(description="name in the formula -> evidence id")


class Declared(Valued):
    """Something the owner wrote down. Never presented as measured."""

    kind: Literal["declared"] = "declared"
    declared_on: date | None = Field(default=None, description="the date the owner put beside it")


class Missing(Record):
    """Something that was asked and could not be known, with the reason and the step that would make it known."""

    kind: Literal["missing"] = "missing"
    why: Why
    detail: str
    how: str = Field(description="the step that would make it known")

    @model_validator(mode="after")
    def quantity_is_in_the_vocabulary(self) -> Self:
        """Raise ValueError for a quantity nobody defined."""
        unit_of(self.quantity)
        return self


Evidence = Annotated[Measured | Derived | Declared | Missing, Field(discriminator="kind")]
_ANY: TypeAdapter[Measured | Derived | Declared | Missing] = TypeAdapter(Evidence)


class Sample(NamedTuple):
    """An earlier value of a quantity, kept in the store."""

    at: datetime
    value: float


def evidence_from(raw: dict[str, Any]) -> Measured | Derived | Declared | Missing:
    """Rebuild one record from its JSON form. Raises ValueError when it does not match its id."""
    return _ANY.validate_python(raw)
