"""The verdict: the worst finding, then capped by what could be seen. Nobody chooses it."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from infra_maintainer.assess.broken_off import CODE
from infra_maintainer.assess.model import SEVERITIES, TRIED, Coverage, Finding, Pass, Severity, Unknown, Verdict
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.show import many

_OF: dict[Severity, Verdict] = {"critical": "critical", "high": "degraded", "medium": "at_risk", "low": "healthy"}
_DECLARED = {"metrics": "Prometheus", "database": "database", "cache": "cache"}
NAMED = 3
# What each word means, for whoever must repeat it.
VERDICT_SAYS: dict[Verdict, str] = {
    "healthy": "no finding above low, and enough was checked; unknowns that are not serious may stand beside it",
    "unknown": "no finding above low, and too little was checked, or an unknown could be serious",
    "at_risk": "the worst finding is medium",
    "degraded": "the worst finding is high",
    "critical": "the worst finding is critical",
}
SEVERITY_SAYS: dict[Severity | Literal["none", "unknown"], str] = {
    "critical": "with verdict critical",
    "high": "with verdict degraded",
    "medium": "with verdict at_risk",
    "low": "the only findings are low: with verdict healthy or unknown",
    "none": "no finding at all, with verdict healthy",
    "unknown": "no finding at all, with verdict unknown",
}


class Decision(NamedTuple):
    """A verdict, the worst severity, and the rule that decided in one sentence."""

    verdict: Verdict
    severity: Severity | Literal["none", "unknown"]
    because: str


def decide(
    findings: list[Finding],
    passes: list[Pass],
    unknowns: list[Unknown],
    coverage: Coverage,
    policy: Policy,
    *,
    users_first: bool,
) -> Decision:
    """Judge a whole run. With `users_first` nothing is healthy unless something users feel was checked."""
    found: set[Severity] = {each.severity for each in findings}
    worst: Severity | None = next((each for each in SEVERITIES if each in found), None)
    broken = ", ".join(each.subject.replace(":", " ") for each in unknowns if _is_our_source(each))
    if worst in ("critical", "high", "medium"):
        counts = [(each, sum(one.severity == each for one in findings)) for each in SEVERITIES]
        told = [f"{count} {each}" for each, count in counts if count]
        says = [f"{', '.join(told)} finding{'s' if len(findings) > 1 else ''}", *_unseen(unknowns, findings, passes)]
        if broken and worst != "critical":
            says.append(f"it may be worse: {broken} broke off by a fault of ours")
        return Decision(_OF[worst], worst, "; ".join(says))
    seen: Severity | Literal["none", "unknown"] = worst or "unknown"
    if coverage.checked == 0:
        return Decision("unknown", "unknown", "nothing could be checked")
    if users_first and not any(each.user_facing for each in [*findings, *passes]):
        return Decision("unknown", seen, "nothing that users feel was checked")
    ours = sum(each.why == "our_bug" for each in coverage.not_checked)
    named = f" ({broken})" if broken else ""
    if ours:  # a collector of ours that breaks is nothing about the system, and least of all that it is well
        return Decision("unknown", seen, f"{many(ours, 'planned check')} failed by a fault of ours{named}")
    matter = [each for each in unknowns if each.matters]
    if matter:
        return Decision(
            "unknown",
            seen,
            f"{many(len(matter), 'unknown')} that could be serious ({_named(matter)})",
        )
    share = coverage.checked / coverage.planned * 100
    if policy["coverage.share"].undercut(share):
        return Decision("unknown", seen, f"only {coverage.checked} of {coverage.planned} planned checks were possible")
    return Decision("healthy", worst or "none", "no finding above low, and enough was checked")


def _is_our_source(unknown: Unknown) -> bool:
    return unknown.code == CODE and unknown.why == "our_bug"


def _named(unknowns: list[Unknown]) -> str:
    """The codes of the first few."""
    codes = list(dict.fromkeys(each.code for each in unknowns))
    return ", ".join(codes[:3]) + (", …" if len(codes) > 3 else "")


def _unseen(unknowns: list[Unknown], findings: list[Finding], passes: list[Pass]) -> Iterator[str]:
    """What was declared and could not be read: a verdict may be milder for it alone."""
    gaps = [each for each in unknowns if each.matters and each.why != "not_configured"]
    known = {each.subject for each in [*findings, *passes] if each.subject.startswith("traffic:")}
    users = [each for each in gaps if each.subject.startswith("traffic:") and (each.why in TRIED or not known)]
    if names := _names([each for each in users if each.subject not in known]):
        yield f"what real users of {names} get is not known"
    for kind, word in _DECLARED.items():
        if names := _names([each for each in gaps if each.subject.startswith(f"{kind}:") and each.why in TRIED]):
            yield f"{word} {names} could not be read"


def _names(unknowns: list[Unknown]) -> str:
    names = list(dict.fromkeys(each.subject.partition(":")[2] for each in unknowns))
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
