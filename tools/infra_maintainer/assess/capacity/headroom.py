"""Comfortable headroom or not, at the measured peak and never at the mean."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import seen, spoken
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown


@check(
    title="comfortable headroom at the measured peak",
    quantities=("capacity.peak_buffer",),
    policies=("capacity.comfortable",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The buffer of each resource at P99.5 of its samples against the rule."""
    rule = policy["capacity.comfortable"]
    found = sorted(facts.numbers("capacity.peak_buffer"), key=lambda number: number.value)
    for number in found:
        about = spoken(number.subject)
        at = seen(facts, number)
        passed = ", the limit is passed" if number.value < 0 else ""
        says = f"{about}: {shown(number)} of the limit is free at {at}{passed}; comfortable is {limit(rule)}"
        yield Pass(code="peak_buffer", subject=number.subject, says=says, evidence=[number.id], policy=rule.id)
        if not rule.undercut(number.value):
            yield Pass(
                code="comfortable",
                subject=number.subject,
                says=f"{about}: comfortable at {at}",
                evidence=[number.id],
                policy=rule.id,
            )
            continue
        yield Finding(
            code="comfortable",
            subject=number.subject,
            severity="high" if number.value <= 0 else rule.severity,
            says=f"{about}: not comfortable; {shown(number)} of the limit is free at {at}{passed}, asked {limit(rule)}",
            matters="An ordinary rise uses up what is left.",
            # The words of the check on room where nothing is left: one mitigation, not two.
            do=f"Add capacity to {about}, or take load off its peak, before anything else."
            if number.value < 0
            else "Plan more capacity or less load at the peak; averages hide this.",
            evidence=[number.id],
            policy=rule.id,
        )
    if not found:
        for code in ("comfortable", "peak_buffer"):
            yield Unknown(
                code=code,
                subject="system:declared",
                quantity="capacity.peak_buffer",
                says="Whether there is headroom at the peak is not known: no peak was measured.",
                why="no_data",
                how="keep a history: infra-maintainer watch, sysstat, or [[history]]",
                policy=rule.id,
                could_be="high",
            )
