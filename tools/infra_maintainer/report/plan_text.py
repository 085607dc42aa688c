"""The capacity plan's form as plain text, for the top of the report."""

import textwrap

from infra_maintainer.assess.plan import CapacityPlan


def plan_lines(plan: CapacityPlan, width: int) -> list[str]:
    """Answer, fields, mitigation; every number with the ids behind it."""
    lines = [*_wrap(f"ANSWER: {plan.answer}", width, 0), ""]
    for line in plan.lines:
        more = f" (and {line.more} more below)" if line.more else ""
        lines.append(f"{line.title}:")
        for says in line.says:
            lines += _wrap(f"- {says}", width, 2)
        ids = " ".join(dict.fromkeys(line.evidence))
        if ids or more:
            lines += _wrap(f"[{ids}]{more}" if ids else more.strip(), width, 4)
    if plan.mitigation:
        lines.append("Mitigation:")
    for number, step in enumerate(plan.mitigation, start=1):
        lines += _wrap(f"{number}. {step.subject}: {step.action}", width, 2)
        lines += _wrap(f"until: {step.timeline}; effort: {step.effort}; price: {step.cost}", width, 5)
        lines += _wrap(f"risk of waiting: {step.risk_of_delay} [{' '.join(step.evidence[:4])}]", width, 5)
    return [*lines, ""]


def _wrap(text: str, width: int, indent: int) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        text, width, initial_indent=pad, subsequent_indent=pad + "  ", break_long_words=False, break_on_hyphens=False
    )
