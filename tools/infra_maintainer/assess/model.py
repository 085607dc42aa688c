"""What judging gives: findings, passes, unknowns, how much was covered, and the report that holds them."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from infra_maintainer.evidence.model import Declared, Derived, Frozen, Measured, Missing, Moment, Why

Severity = Literal["critical", "high", "medium", "low"]
Verdict = Literal["healthy", "at_risk", "degraded", "critical", "unknown"]
Job = Literal["health", "capacity", "costs", "security", "recovery"]
AnyEvidence = Annotated[Measured | Derived | Declared | Missing, Field(discriminator="kind")]
JOBS: tuple[Job, ...] = ("health", "capacity", "costs", "security", "recovery")
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
# Reasons that say something was tried and failed: an answer that leaves it out looks more complete than it is.
TRIED = frozenset({"denied", "timeout", "unreachable", "error", "our_bug"})


class Judgement(Frozen):
    """What all three outcomes of a check have in common. Every number in `says` is in the cited evidence."""

    code: str = Field(description="what the check found, in snake_case", examples=["disk_space_low"])
    subject: str = Field(examples=["filesystem:/"])
    says: str = Field(description="one sentence")
    evidence: list[str] = Field(default=[], description="ids of the evidence behind it")
    policy: str | None = Field(default=None, description="id of the rule that decided")
    user_facing: bool = Field(default=False, description="whether it is about what users feel")


class Finding(Judgement):
    """Something that is wrong, why it matters to users, and what to do."""

    kind: Literal["finding"] = "finding"
    severity: Severity
    matters: str
    do: str
    also: list["Also"] | None = Field(
        default=None,
        description="in a concise reply: other findings of the same fact about the same subject, told here",
    )

    @property
    def severities_told(self) -> list[Severity]:
        """Its own, and those of the findings that it tells beside itself."""
        return [self.severity, *(each.severity for each in self.also or [])]


class Also(Frozen):
    """A finding that says the same as another."""

    code: str
    severity: Severity
    says: str | None = Field(default=None, description="its sentence where it tells more")


class Pass(Judgement):
    """Something that was looked at and holds."""

    kind: Literal["pass"] = "pass"


class Unknown(Judgement):
    """Something that could not be judged: why, how to know, and how bad it could be."""

    kind: Literal["unknown"] = "unknown"
    quantity: str
    why: Why
    detail: str = ""
    how: str
    could_be: Severity = Field(description="the severity a finding here could have")

    @property
    def matters(self) -> bool:
        """Whether it stands in the way of a clean bill: it could be serious, and the thing does exist."""
        return self.could_be in ("critical", "high") and self.why != "not_supported"

    @property
    def must_be_told(self) -> bool:
        """Whether an answer over this report has to list it."""
        return self.matters or self.why in TRIED


class NotChecked(Frozen):
    """One thing that was planned and could not be known."""

    quantity: str
    subject: str
    why: Why
    detail: str
    how: str

    @property
    def must_be_told(self) -> bool:
        """Whether an answer over this report has to list it."""
        return self.why in TRIED


class Coverage(Frozen):
    """How much of what was planned could be checked: the denominator of everything else in the report."""

    planned: int
    checked: int
    not_checked: list[NotChecked]


class Override(Frozen):
    """A threshold that infra.toml changed."""

    policy: str
    baseline: float | bool
    value: float | bool


def report_from(text: str) -> "Report":
    """A kept report without the typed section that a job may add. Raises ValueError for another shape."""
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise ValueError("a report is a JSON object")
    fields: dict[str, Any] = {str(name): value for name, value in raw.items()}
    return Report.model_validate({name: value for name, value in fields.items() if name in Report.model_fields})


class Report(Frozen):
    """One job's answer. The verdict is computed from the findings and capped by the coverage; nobody chooses it."""

    run: str = Field(description="id of this run")
    job: Job
    as_of: Moment
    verdict: Verdict
    severity: Severity | Literal["none", "unknown"]
    because: str = Field(description="the rule that gave the verdict, in one sentence")
    coverage: Coverage
    findings: list[Finding]
    passes: list[Pass]
    unknowns: list[Unknown]
    overrides: list[Override] = []
    replayed: bool = Field(default=False, description="whether it comes from a recorded world, not from now")
    notes: list[str] = Field(default=[], description="what did not work beside the measuring, such as a full disk")
    evidence: list[AnyEvidence] = Field(description="the records cited above; in a brief reply only those of findings")
    evidence_total: int = Field(description="records of the whole run, in the store by their ids")
