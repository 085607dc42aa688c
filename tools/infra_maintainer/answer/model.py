"""The contract of an answer: structure first; what people read is rendered from it.

Words carry no digits. Where a sentence needs a number it refers to a claim: "{c3}".
"""

import re
from typing import Annotated, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from infra_maintainer.answer import allowed

# A claim as it stands in words: "{c1}".
REFERENCE = re.compile(r"\{(\w+)\}")
Verdict = Literal["healthy", "at_risk", "degraded", "critical", "unknown"]
Severity = Literal["critical", "high", "medium", "low", "none", "unknown"]
Number = int | float
Pointer = Annotated[str, Field(description="evidence id, or id#/path into a tool result", examples=["ev_7f3a9c01bd"])]
ClaimId = Annotated[str, Field(pattern=r"^[a-z]\w{0,15}$", examples=["c1"])]
Quantity = Annotated[
    str, Field(description="quantity of the evidence, never the code of a check", examples=["endpoint.latency"])
]
Subject = Annotated[str, Field(description="as the report has it", examples=["endpoint:https://shop.example/"])]
Unit = Annotated[str, Field(examples=["ms", "%", "d", "1"])]
Words = Annotated[str, Field(description="words without digits; numbers as {c1}")]
# A sentence that refers to nothing could say anything, and no list of words would notice.
Comment = Annotated[
    str,
    Field(
        description="words without digits; each sentence refers to a claim as {c1}; a number word only counts listed "
        "findings, unknowns or subjects (two hosts: {c1} and {c2})"
    ),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Observed(_Part):
    """A number that was measured (or computed by a tool) and is cited."""

    kind: Literal["observed"] = "observed"
    id: ClaimId
    quantity: Quantity
    subject: Subject
    stat: str | None = Field(default=None, json_schema_extra=allowed.stats)
    value: Number | bool | str
    unit: Unit
    evidence: tuple[Pointer, ...] = Field(min_length=1)


class Input(_Part):
    """One named input of a formula."""

    name: str
    evidence: Pointer


def _inputs(value: object) -> object:
    """Accept {"a": pointer} beside [{"name": "a", "evidence": pointer}]."""
    if not isinstance(value, dict):
        return value
    return [{"name": name, "evidence": pointer} for name, pointer in cast("dict[str, object]", value).items()]


class Computed(_Part):
    """A number computed here from cited numbers: + - * / only, recomputed when verified."""

    kind: Literal["derived"] = "derived"
    id: ClaimId
    quantity: Quantity
    subject: Subject
    value: Number
    unit: Unit
    formula: str = Field(json_schema_extra=allowed.formulas, examples=["a/b"])
    inputs: Annotated[Annotated[tuple[Input, ...], Field(min_length=1)], BeforeValidator(_inputs)]


class Target(_Part):
    """A number the owner declared (a target, a budget, a limit): never a result."""

    kind: Literal["declared"] = "declared"
    id: ClaimId
    quantity: Quantity
    subject: Subject
    value: Number | bool | str
    unit: Unit
    evidence: tuple[Pointer, ...] = Field(min_length=1)


class Users(_Part):
    """A number from the question, shown as the user's and never as measured."""

    kind: Literal["user"] = "user"
    id: ClaimId
    value: Number
    unit: Unit


class Threshold(_Part):
    """A threshold of the policy, cited by its id."""

    kind: Literal["policy"] = "policy"
    id: ClaimId
    policy: str = Field(description="id of a rule, as the report names it", examples=["health.disk.space"])
    value: Number
    unit: Unit


class Assumed(_Part):
    """A number nobody measured, shown as an assumption with its reason."""

    kind: Literal["assumed"] = "assumed"
    id: ClaimId
    quantity: str | None = None
    subject: str | None = None
    value: Number
    unit: Unit
    because: Words


Claim = Annotated[
    Observed | Computed | Target | Users | Threshold | Assumed,
    Field(discriminator="kind"),
]


class Found(_Part):
    """A finding of a report, by its code and subject, with the claims that show it."""

    code: str = Field(description="code of a finding of the reports", examples=["disk_space_low"])
    subject: Subject
    claims: tuple[ClaimId, ...] = ()
    explanation: Comment = ""


class Alternative(_Part):
    """Another cause that was considered, and the evidence that rules it out."""

    mechanism: str = Field(json_schema_extra=allowed.other_mechanisms)
    ruled_out_by: tuple[Pointer, ...] = Field(min_length=1)


class RootCause(_Part):
    """What is broken and how, with the evidence that tells it from other causes."""

    component: str = Field(description="the subject that the cited evidence is about")
    mechanism: str = Field(json_schema_extra=allowed.mechanisms)
    evidence: tuple[Pointer, ...] = Field(min_length=1)
    confidence: float | None = Field(default=None, ge=0, le=1)
    alternatives: tuple[Alternative, ...] = ()


class NotKnown(_Part):
    """What could not be measured, why, and the step that would make it known."""

    quantity: Quantity
    subject: str | None = Field(default=None, description="as the report has it; null: of every subject")
    why: str = Field(json_schema_extra=allowed.reasons)
    how: Words = ""


class Recommendation(_Part):
    """One action in words of the vocabulary, resting on claims. `saving` names the claim that proves it."""

    verb: str = Field(json_schema_extra=allowed.verbs)
    target: str = Field(description="the subject to act on")
    because: tuple[ClaimId, ...] = ()
    saving: ClaimId | None = None
    reversible: bool | None = None
    precondition: str | None = Field(default=None, json_schema_extra=allowed.first_verbs)


class Forecast(_Part):
    """An interval taken from a report's forecast; each bound cites its field."""

    quantity: str = Field(
        description="as the evidence has it; for ends such as forecast.breach.early80 what they have in common",
        examples=["forecast.breach"],
    )
    subject: str | None = None
    point: Number | None = None
    low: Number
    high: Number
    unit: Unit
    level: float = Field(gt=0, lt=1)
    method: Words
    evidence: tuple[Pointer, ...] = Field(min_length=1, description="pointers to low, point, high")


class Answer(_Part):
    """A complete answer. Everything a reader sees is rendered from this."""

    verdict: Verdict = Field(json_schema_extra=allowed.verdicts)
    severity: Severity = Field(json_schema_extra=allowed.severities)
    headline_claims: tuple[ClaimId, ...] = Field(
        default=(), description="what a reader meets first; where latency is a finding or heads it, its P95 or P99"
    )
    claims: tuple[Claim, ...] = ()
    findings: tuple[Found, ...] = Field(default=(), description="every critical and high one; medium ones as they help")
    root_cause: RootCause | None = Field(
        default=None, description="only where cited evidence tells it from other causes"
    )
    unknowns: tuple[NotKnown, ...] = Field(
        default=(), description="each quantity and subject that a report could not measure although it tried or matters"
    )
    failed_evidence: tuple[str, ...] = Field(default=(), description="the ids that failed tool calls were given")
    recommendations: tuple[Recommendation, ...] = ()
    forecast: Forecast | None = None
    explanation: Comment = ""

    def claim(self, identifier: str) -> Claim | None:
        """The claim with this id, or None."""
        return next((claim for claim in self.claims if claim.id == identifier), None)


def comments_of(answer: Answer) -> list[tuple[str, str]]:
    """The free texts that must refer to claims, with the place each stands at."""
    texts = [("explanation", answer.explanation)]
    texts += [(f"findings {found.code}", found.explanation) for found in answer.findings]
    return [(place, text) for place, text in texts if text]


def shown_claims(answer: Answer) -> frozenset[str]:
    """Ids of the claims that a reader meets: in the headline, with a finding, behind an action, or in a sentence."""
    ids = {*answer.headline_claims, *(claim for found in answer.findings for claim in found.claims)}
    ids |= {claim for advice in answer.recommendations for claim in (*advice.because, advice.saving or "")}
    return frozenset(ids | {name for _, text in words_of(answer) for name in REFERENCE.findall(text)})


def words_of(answer: Answer) -> list[tuple[str, str]]:
    """Every free text of an answer with the place it stands at."""
    texts = comments_of(answer)
    texts += [(f"unknowns {unknown.quantity}", unknown.how) for unknown in answer.unknowns]
    texts += [(f"claims {claim.id}", claim.because) for claim in answer.claims if isinstance(claim, Assumed)]
    if answer.forecast:
        texts.append(("forecast", answer.forecast.method))
    return [(place, text) for place, text in texts if text]
