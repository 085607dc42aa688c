"""The capacity plan in the maintainer's form: every field answered from a judgement, or marked unknown."""

from typing import Literal

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Judgement, Pass, Report, Unknown
from infra_maintainer.assess.plan_answer import answer
from infra_maintainer.assess.threshold import shown
from infra_maintainer.evidence.model import Frozen

FIELDS: dict[str, str] = {
    "forecasts_before": "How right we were",
    "current": "Now: average and P95",
    "growth_room": "Growth until the first limit",
    "comfortable": "Comfortable",
    "peak_buffer": "Buffer below the limit",
    "single_failure": "Loss of one instance",
    "redundancy": "Single points of failure",
    "growth": "Expected growth",
    "spike": "Spikes",
    "autoscaling": "Autoscaling",
    "buffer_kept": "Buffer to hold, its price",
    "bottlenecks": "What breaks, in order",
    "quota": "Licences and quotas",
}
EFFORT: dict[str, str] = {
    "autoscaling": "small: a change of configuration and one watched peak",
    "buffer_kept": "small where instances start from an image, else not known",
    "quota": "small: a request to the provider, then waiting",
    "forecasts_before": "none: plan with the wider range",
}
Outcome = Literal["finding", "ok", "unknown"]


class Line(Frozen):
    """One field of the form with its worst outcome first; `more` counts the judgements not repeated here."""

    field: str
    title: str
    outcome: Outcome
    says: list[str]
    more: int = 0
    evidence: list[str]


class Step(Frozen):
    """One mitigation: what, until when, how much work, at what price, and the risk of waiting."""

    action: str
    subject: str
    timeline: str
    effort: str
    cost: str
    risk_of_delay: str
    evidence: list[str]


class CapacityPlan(Frozen):
    """The answer first, then the form."""

    answer: str
    lines: list[Line]
    mitigation: list[Step]

    def shorter(self, keep: int) -> "CapacityPlan":
        """The same form with fewer sentences per field and fewer steps; what is left out is counted."""
        most = max(1, min(keep, 3))
        lines = [
            line.model_copy(
                update={
                    "says": line.says[:most],
                    "more": line.more + max(0, len(line.says) - most),
                    "evidence": line.evidence[: 2 * most],
                }
            )
            for line in self.lines
        ]
        steps = [step.model_copy(update={"evidence": step.evidence[:2]}) for step in self.mitigation[: max(3, keep)]]
        return self.model_copy(update={"lines": lines, "mitigation": steps})


class CapacityReport(Report):
    """The report of draft_capacity_plan."""

    plan: CapacityPlan


def with_plan(report: Report) -> CapacityReport:
    """The same report with the form filled from its judgements."""
    facts = Facts(list(report.evidence))
    every: list[Judgement] = [*report.findings, *report.unknowns, *report.passes]
    lines = [_line(field, title, [each for each in every if each.code == field]) for field, title in FIELDS.items()]
    first: dict[str, list[Finding]] = {}
    for each in report.findings:
        first.setdefault(each.do, []).append(each)
    steps = [_step(group, facts) for group in first.values()]
    plan = CapacityPlan(answer=answer(report, facts), lines=lines, mitigation=steps)
    return CapacityReport(**{name: getattr(report, name) for name in Report.model_fields}, plan=plan)


def _line(field: str, title: str, found: list[Judgement]) -> Line:
    bad, good, open_ = ([each for each in found if isinstance(each, kind)] for kind in (Finding, Pass, Unknown))
    shown_first = [*bad[:3], *good[: 3 if not bad else 1], *open_[:2]]
    outcome: Outcome = "unknown"
    if any(isinstance(each, Finding) for each in found):
        outcome = "finding"
    elif any(isinstance(each, Pass) for each in found):
        outcome = "ok"
    says = [f"unknown: {each.says}" if isinstance(each, Unknown) else each.says for each in shown_first]
    return Line(
        field=field,
        title=title,
        outcome=outcome,
        says=says or ["unknown: nothing is declared or measured for it, so no check was planned and none is counted"],
        more=len(found) - len(shown_first),
        evidence=[id for each in shown_first for id in each.evidence[:4]],
    )


def _step(group: list[Finding], facts: Facts) -> Step:
    """One step for all findings that the same action ends; the worst of them gives its date and price."""
    finding = group[0]
    when = facts.number("forecast.breach.early80", finding.subject)
    prices = [
        n for quantity in ("spike.price", "capacity.buffer.price") for n in facts.numbers(quantity, finding.subject)
    ]
    price = next((number for number in prices if number.id in finding.evidence), None)
    if when is not None and when.id in finding.evidence:
        timeline = f"in service within {shown(when)}"
    elif finding.code == "spike":
        timeline = "before the day of the spike"
    else:
        timeline = {"critical": "today", "high": "this week", "medium": "this quarter", "low": "when convenient"}[
            finding.severity
        ]
    return Step(
        action=finding.do,
        subject=", ".join(dict.fromkeys(each.subject for each in group)),
        timeline=timeline,
        effort=EFFORT.get(finding.code, "not known: say how long the last such change took"),
        cost=f"{shown(price)} monthly" if price else "not known: declare prices",
        risk_of_delay=finding.matters,
        evidence=list(dict.fromkeys(id for each in group for id in each.evidence))[:8],
    )
