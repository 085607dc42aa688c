"""What the agent hands back: always an answer, and always how far it can be trusted."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from infra_maintainer.agents.budget import Usage
from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.verification import Verification

# verified: every number and judgement holds. marked: something does not, struck out where it stands.
# reports_only: no usable answer of a model; this is what the measurements alone say.
Status = Literal["verified", "marked", "reports_only"]
Ended = Literal[
    "answered", "no_answer", "refused", "budget", "overloaded", "unreachable", "cut_off", "timeout", "stopped", "error"
]


class Advice(BaseModel):
    """One answer to one question."""

    model_config = ConfigDict(frozen=True)

    status: Status
    ended: Ended
    why: str = Field(description="how it ended, in one sentence")
    question: str
    text: str = Field(description="Markdown for people, rendered from the verified structure")
    answer: Answer | None
    verification: Verification | None
    reports: tuple[str, ...] = Field(description="run ids of the reports behind it")
    verdict: str = Field(description="the worst verdict of those reports")
    repairs: int = Field(description="drafts that were sent back")
    model: str = Field(description="the model that answered, as its replies name it")
    usage: Usage
    transcript: tuple[dict[str, Any], ...] = Field(default=(), description="what was said, tool results included")
