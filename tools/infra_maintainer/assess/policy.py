"""Policy as data: every threshold has an id, a value, a unit, a severity and a reason (policies/baseline.toml)."""

import tomllib
from functools import cache
from importlib import resources
from math import isfinite

from pydantic import Field

from infra_maintainer.assess.model import Override, Severity
from infra_maintainer.evidence.model import Frozen
from infra_maintainer.evidence.show import show


class Threshold(Frozen):
    """One rule. Limits are strict: a value equal to the limit does not exceed it."""

    id: str = Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
    value: float | bool
    unit: str
    of: tuple[str, ...] = ()  # what a limit of unit 1 counts, for one and for more
    floor: bool = False  # the fault lies below the value, not above it
    severity: Severity
    reason: str

    @property
    def number(self) -> float:
        """The limit as a number. Raises TypeError for a yes/no rule."""
        if isinstance(self.value, bool):
            raise TypeError(f"policy {self.id} is a yes/no rule, not a limit")
        return self.value

    @property
    def words(self) -> str:
        """The value with its side and what it counts: "limit of 80 %", "floor of 1 numbered step", "must be yes"."""
        if isinstance(self.value, bool):
            return f"must be {show(self.value, self.unit)}"
        return f"{'floor' if self.floor else 'limit'} of {show(self.value, self.unit)}{self._counted()}"

    def _counted(self) -> str:
        return f" {self.of[0] if self.value == 1 else self.of[-1]}" if self.of else ""

    @property
    def told(self) -> str:
        """The value for people, and as infra.toml takes it where that reads differently."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        shown, raw = show(self.value, self.unit), f"{self.value:.15g}"
        plain = raw if self.unit == "1" else f"{raw} {self.unit}"
        same = shown.replace(",", "") in (plain, raw + self.unit.removeprefix("1"))
        words = f"{shown}{self._counted()}" if same else f"{shown} ({plain} in infra.toml)"
        return f"at least {words}" if self.floor else words

    def exceeded(self, value: float) -> bool:
        """Whether a value in the threshold's own unit is above it (strictly)."""
        return value > self.number

    def undercut(self, value: float) -> bool:
        """Whether a value in the threshold's own unit is below it (strictly)."""
        return value < self.number


class PolicyError(Exception):
    """infra.toml overrides a rule that does not exist, or gives it a value of the wrong kind."""


@cache
def baseline() -> dict[str, Threshold]:
    """The checked-in rules by id."""
    text = resources.files("infra_maintainer.assess").joinpath("policies/baseline.toml").read_text(encoding="utf-8")
    rows = [Threshold.model_validate(row) for row in tomllib.loads(text)["threshold"]]
    rules = {row.id: row for row in rows}
    if len(rules) != len(rows):
        raise ValueError(f"baseline.toml has a rule twice: {sorted({r.id for r in rows if rows.count(r) > 1})}")
    return rules


class Policy:
    """The baseline with the owner's overrides, which a report names."""

    def __init__(self, overrides: dict[str, float | bool] | None = None) -> None:
        self._rules = dict(baseline())
        self.overrides: list[Override] = []
        for name, value in (overrides or {}).items():
            self._override(name, value)

    def __getitem__(self, name: str) -> Threshold:
        """The rule of this id. Raises KeyError: a check that names no rule is a mistake of ours."""
        return self._rules[name]

    def rules(self) -> list[Threshold]:
        """Every rule in force, by id."""
        return [self._rules[name] for name in sorted(self._rules)]

    def _override(self, name: str, value: float | bool) -> None:
        rule = self._rules.get(name)
        if rule is None:
            raise PolicyError(f"[policy] {name!r} is not a rule; the rules are listed by: infra-maintainer policy")
        if isinstance(value, bool) is not isinstance(rule.value, bool):
            kind = "true or false" if isinstance(rule.value, bool) else f"a number in {rule.unit}"
            raise PolicyError(f"[policy] {name} = {value!r}: give {kind}")
        if not isfinite(value) or value < 0 < rule.value:
            raise PolicyError(f"[policy] {name} = {value!r}: give a number of at least 0 in {rule.unit}")
        if value != rule.value:
            self.overrides.append(Override(policy=name, baseline=rule.value, value=value))
            self._rules[name] = rule.model_copy(update={"value": value})
