"""The capacity plan's form as plain text, for the top of the report."""

from infra_maintainer.assess.arithmetic.capacity import spoken
from infra_maintainer.assess.plan import CapacityPlan
from infra_maintainer.report.wrapping import wrap


def plan_lines(plan: CapacityPlan, width: int) -> list[str]:
    """Answer, fields, mitigation; every number with the ids behind it."""
    lines = [*wrap(f"ANSWER: {plan.answer}", width, 0, 2), ""]
    for line in plan.lines:
        more = f" (and {line.more} more)" if line.more else ""
        lines.append(f"{line.title}:")
        for says in line.says:
            lines += wrap(f"- {says}", width, 2, 2)
        ids = " ".join(dict.fromkeys(line.evidence))
        if ids or more:
            lines += wrap(f"[{ids}]{more}" if ids else more.strip(), width, 4, 2)
    if plan.mitigation:
        lines.append("Mitigation:")
    for number, step in enumerate(plan.mitigation, start=1):
        lines += wrap(f"{number}. {_names(step.subject)}: {step.action}", width, 2, 2)
        lines += wrap(f"until: {step.timeline}; effort: {step.effort}; price: {step.cost}", width, 5, 2)
        lines += wrap(f"risk of waiting: {step.risk_of_delay} [{' '.join(step.evidence[:4])}]", width, 5, 2)
    return [*lines, ""]


def _names(subjects: str) -> str:
    return ", ".join(spoken(subject) for subject in subjects.split(", "))
