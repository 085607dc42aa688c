"""What one run established: its evidence, its judgements, the policy in force and the question."""

from dataclasses import dataclass, field

from infra_maintainer.answer.ledger import Ledger
from infra_maintainer.answer.model import Severity, Verdict

# From best to worst. "unknown" is worse than healthy and better than any finding: a finding is known.
VERDICTS: tuple[Verdict, ...] = ("healthy", "unknown", "at_risk", "degraded", "critical")
SEVERITIES: tuple[Severity, ...] = ("none", "unknown", "low", "medium", "high", "critical")


@dataclass(frozen=True)
class Judged:
    """One finding that code judged."""

    code: str
    subject: str
    severity: Severity
    evidence: tuple[str, ...] = ()
    says: str = ""
    matters: str = ""
    do: str = ""


@dataclass(frozen=True)
class Unmeasured:
    """One quantity that was asked for and not obtained. `attempted` is False where nobody configured it."""

    quantity: str
    subject: str
    why: str
    evidence: str | None = None
    attempted: bool = True
    how: str = ""
    # About what users feel: such an unknown is told by itself, not in a group.
    user_facing: bool = True
    says: str = ""


@dataclass(frozen=True)
class Forbidden:
    """An action that must not be recommended. `target` "*" is every target."""

    verb: str
    target: str
    why: str


@dataclass(frozen=True)
class Limit:
    """One threshold of the policy."""

    id: str
    value: float
    unit: str


@dataclass(frozen=True)
class Run:
    """Everything an answer is checked against; nothing outside it counts."""

    ledger: Ledger
    verdict: Verdict | None = None
    severity: Severity | None = None
    findings: tuple[Judged, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    limits: tuple[Limit, ...] = ()
    question: str = ""
    # Counts that reports carry (findings, checks planned and checked), which an answer may say.
    counts: frozenset[int] = field(default_factory=frozenset[int])
    # Ids of the reports, and foreign text that evidence quotes, by evidence id.
    reports: tuple[str, ...] = ()
    quotes: tuple[tuple[str, str], ...] = ()
    # Sentences of the reports themselves: repeated word for word they hold.
    told: tuple[str, ...] = ()
    # Steps and reasons among them: their numbers may be repeated in other words.
    advised: tuple[str, ...] = ()
    # Checked and planned, summed over the reports.
    coverage: tuple[int, int] | None = None


def worst_verdict(verdicts: list[Verdict]) -> Verdict | None:
    """The worst of several verdicts, or None if there are none."""
    return max(verdicts, key=VERDICTS.index, default=None)


def worst_severity(severities: list[Severity]) -> Severity | None:
    """The worst of several severities, or None if there are none."""
    return max(severities, key=SEVERITIES.index, default=None)
