"""One verdict about one resource by one rule, and the saving it would bring."""

from typing import Literal

from pydantic import Field

from infra_maintainer.evidence.model import Frozen, Why

Word = Literal["waste", "review", "protected", "in_use", "unknown"]
ORDER = {"clean_up": 1, "right_size": 2, "schedule": 3, "commit": 4}


class Unanswered(Frozen):
    """A quantity that stood in the way, why it is not known and how it would be."""

    quantity: str
    why: Why
    how: str


class Verdict(Frozen):
    """What a rule says of a resource. Money is per 30 days, in `currency`; None where it is not known."""

    rule: str
    resource: str
    kind: str
    verdict: Word
    says: str
    monthly_cost: float | None = None
    currency: str | None = None
    saving_low: float = 0.0
    saving_high: float = 0.0
    guards_checked: list[str] = []
    guards_hit: list[str] = []
    buys: str | None = Field(default=None, description="what the spend buys, where it is protected")
    unanswered: list[Unanswered] = []
    order: Literal["clean_up", "right_size", "schedule", "commit"] = "clean_up"
    next_step: str = ""
    reversible: str = ""
    verify: str = ""
    evidence: list[str] = []

    @property
    def overlap_group(self) -> str:
        """Verdicts of one group cannot all be saved: a deleted machine cannot be made smaller."""
        return self.resource
