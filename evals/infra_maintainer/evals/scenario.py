"""A scenario: a question, a world that changes with the seed, and what no honest answer may get wrong.

A folder per scenario holds `scenario.toml`. Its world is either written as evidence (`[[evidence]]`, `[[missing]]`),
or recorded (`world/`, replayed by the real sources). The verdict, the findings and their severities are never written
down: policy computes them from the world.

ScenarioError   the file cannot be used; the message says where and why
"""

import tomllib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from infra_maintainer.assess.model import Job, Verdict
from infra_maintainer.evidence.model import Stat, Why

Term = float | int | bool | str  # a number, or the name of a draw, or arithmetic over draws


class ScenarioError(Exception):
    """A scenario that cannot be used."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Known(_Part):
    """One piece of evidence of the world. `value`, `n`, `window` and `days_ago` may name draws: "p50 * tail"."""

    subject: str
    quantity: str
    stat: Stat = "instant"
    value: Term
    n: Term | None = None
    window: Term | None = None
    source: str = "recorded"
    quote: str | None = None
    currency: str | None = Field(default=None, description="of a quantity that is money")
    declared: bool = Field(default=False, description="said by the owner, not measured")
    days_ago: Term | None = Field(default=None, description="days since the owner said it")


class Gap(_Part):
    """One thing the world could not tell, and why."""

    subject: str
    quantity: str
    why: Why
    detail: str
    how: str


class Ban(_Part):
    """An action that no answer may recommend here."""

    verb: str
    target: str = "*"
    why: str


class Cause(_Part):
    """The cause that the evidence shows."""

    component: str
    mechanism: str


class Expect(_Part):
    """What an honest answer does beside following the computed verdict. Never empty."""

    verdict: list[Verdict] = Field(min_length=1, description="what policy must compute here: a guard, not a key")
    finds: list[str] = Field(default=[], description="codes of findings that policy must compute here: a guard")
    answerable: list[str] = Field(default=[], description="quantities that traced claims must state; a|b: one of these")
    unknown: list[str] = Field(default=[], description="quantities that must be listed as unknown")
    forbidden: list[Ban] = []
    actions: list[str] = Field(default=[], description="verbs of which one must be recommended")
    cause: Cause | None = None

    @model_validator(mode="after")
    def something_to_check(self) -> "Expect":
        """Raise ValueError for an expectation that every answer meets."""
        if not (self.answerable or self.unknown or self.actions or self.cause or self.finds):
            raise ValueError("an expectation that asks for nothing is met by silence")
        return self


def one_of(answerable: str) -> list[str]:
    """The quantities of which one must be stated."""
    return answerable.split("|")


class Twin(_Part):
    """The benign twin: the same question and tools in a world without the trap."""

    draw: dict[str, list[float]] = {}
    let: dict[str, Term] = {}
    evidence: list[Known] | None = None
    missing: list[Gap] | None = None
    world: str | None = None
    expect: Expect


class Provenance(_Part):
    """Where the idea came from, what the data is, and under which licence."""

    idea: str
    data: Literal["synthetic", "recorded", "public"]
    licence: str


class Scenario(_Part):
    """One scenario as its file says it."""

    id: str
    version: int
    family: str = Field(description="scenarios of one family count as one cluster")
    difficulty: Literal[1, 2, 3]
    covers: list[str] = Field(min_length=1, description="rows of requirements.toml")
    jobs: list[Job] = Field(min_length=1)
    question: str
    pressure: str
    config: str = Field(default="", description="infra.toml of this world")
    recorded_at: str = "2026-11-20T09:30:00+00:00"
    host: str = "web-1"
    draw: dict[str, list[float]] = Field(default={}, description="name -> [low, high], drawn by seed")
    let: dict[str, Term] = {}
    evidence: list[Known] = []
    missing: list[Gap] = []
    world: str | None = Field(default=None, description="a recorded world: a folder beside the file")
    twin: Twin
    expect: Expect
    provenance: Provenance

    @model_validator(mode="after")
    def has_one_world(self) -> "Scenario":
        """Raise ValueError for a scenario without a world, or with two."""
        if (self.world is None) == (not self.evidence and not self.missing):
            raise ValueError("give either world = a recorded folder, or [[evidence]] and [[missing]]")
        return self


def folder() -> Traversable:
    """Where the scenarios of this product stand."""
    return resources.files("infra_maintainer.evals").joinpath("scenarios")


def load(where: Traversable | None = None) -> list[Scenario]:
    """Every scenario of a folder, by id. Raises ScenarioError for the first that cannot be used, or for none."""
    root = where or folder()
    names = sorted(each.name for each in root.iterdir() if each.joinpath("scenario.toml").is_file())
    if not names:
        raise ScenarioError(f"{root} holds no scenario: a folder with scenario.toml each")
    return [read(root.joinpath(name)) for name in names]


def read(one: Traversable) -> Scenario:
    """The scenario of one folder. Raises ScenarioError."""
    try:
        raw = tomllib.loads(one.joinpath("scenario.toml").read_text(encoding="utf-8"))
        return Scenario.model_validate({"id": one.name, **raw})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"scenario {one.name}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(f"scenario {one.name}: {where or 'file'}: {first['msg']}") from error
