"""What an answer over a run owes beside its numbers, told before it is written rather than after it was refused."""

from collections.abc import Iterator

from infra_maintainer.answer.run import Run
from infra_maintainer.answer.tail_gate import latency_findings, tails_of


def owed(run: Run) -> Iterator[str]:
    """One line per serious finding, per unknown that must be listed, and one for a tail that must stand in the head."""
    yield f"the answer's verdict: {run.verdict}, severity: {run.severity}"
    loud = [(one.code, one.subject) for one in run.findings if one.severity in ("critical", "high")]
    for code, subject in dict.fromkeys(loud):
        yield f"must be listed under findings: {code} of {subject}"
    for missing in run.unmeasured:
        if missing.attempted:
            yield f"must be listed under unknowns: {missing.quantity} of {missing.subject} (why: {missing.why})"
    for how, quantities in _steps(run).items():
        yield f"to know {', '.join(quantities)}: {how}"
    for subject in dict.fromkeys(latency_findings(run)):
        named = ", ".join(f"{field.stat} {field.pointer.removesuffix('#/value')}" for field in tails_of(subject, run))
        if named:
            yield f"latency of {subject} is a finding: where it is told, one of these is a headline claim: {named}"


def _steps(run: Run) -> dict[str, list[str]]:
    """What would tell the unknowns that must be listed: a concise reply leaves it out with the unknown itself."""
    steps: dict[str, list[str]] = {}
    for missing in run.unmeasured:
        if missing.attempted and missing.how:
            steps.setdefault(missing.how, []).append(missing.quantity)
    return {how: list(dict.fromkeys(quantities)) for how, quantities in steps.items()}
