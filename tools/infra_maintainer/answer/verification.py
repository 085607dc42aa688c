"""The result of checking an answer: one line per number, one per fault."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["supported", "derived", "declared", "user", "policy", "assumed", "unsupported", "contradicted"]
# What each check guards; the names are public.
CheckName = Literal[
    "claims_traced",
    "prose_numbers_traced",
    "references",
    "verdict",
    "severity",
    "findings",
    "root_cause",
    "says_unknown",
    "tool_failures_disclosed",
    "tail_reported",
    "no_dangerous_action",
    "targets_are_not_results",
    "forecast",
    "wording",
]
BAD: frozenset[Status] = frozenset({"unsupported", "contradicted"})


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class NumberResult(_Part):
    """One number of the answer and what stands behind it."""

    text: str = Field(description="the number as written")
    status: Status
    by: tuple[str, ...] = Field(default=(), description="evidence ids, policy id or claim behind it")
    says: str = Field(default="", description="why it is not supported, with the nearest evidence")
    claim: str | None = Field(default=None, description="claim id in a structured answer")
    start: int | None = Field(default=None, exclude=True)
    end: int | None = Field(default=None, exclude=True)


class Fault(_Part):
    """Something about the answer that does not hold."""

    check: CheckName
    says: str
    do: str
    about: str | None = Field(default=None, exclude=True)


class Verification(_Part):
    """Whether an answer holds against the evidence of its run."""

    holds: bool = Field(description="true only if nothing is unsupported, contradicted or at fault")
    form: Literal["structure", "prose"]
    numbers: tuple[NumberResult, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = Field(default=(), description="harmless but worth knowing")

    def bad_numbers(self) -> tuple[NumberResult, ...]:
        """The numbers that nothing supports."""
        return tuple(number for number in self.numbers if number.status in BAD)

    def failed_checks(self) -> frozenset[str]:
        """The names of the checks that found something."""
        numbers = "claims_traced" if self.form == "structure" else "prose_numbers_traced"
        found = {str(fault.check) for fault in self.faults}
        return frozenset(found | {numbers}) if self.bad_numbers() else frozenset(found)


def verification(
    form: Literal["structure", "prose"],
    numbers: tuple[NumberResult, ...],
    faults: tuple[Fault, ...],
    notes: tuple[str, ...] = (),
) -> Verification:
    """Put the parts together; `holds` follows from them."""
    holds = not faults and not any(number.status in BAD for number in numbers)
    return Verification(holds=holds, form=form, numbers=numbers, faults=faults, notes=notes)
