"""Was the incident plan exercised within the year?"""

from collections.abc import Iterator
from datetime import date

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit
from infra_maintainer.evidence.model import Declared


@check(
    title="incident plan and its last exercise",
    quantities=("incident.plan", "incident.plan.exercised"),
    policies=("security.incident.exercise",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """By the date of the declaration. A plan alone is a document; without any declaration nothing is known."""
    rule = policy["security.incident.exercise"]
    exercises = [each for each in facts.all("incident.plan.exercised") if isinstance(each, Declared)]
    dated = [each for each in exercises if each.declared_on]
    shared: dict[str, object] = {"code": "incident_plan_untested", "policy": rule.id}
    if dated:
        last = max(dated, key=lambda each: each.declared_on or date.min)
        age = (last.as_of.date() - (last.declared_on or date.min)).days
        says = f"the last declared exercise was on {last.declared_on} (limit {limit(rule)})"
        shared |= {"subject": last.subject, "evidence": [last.id]}
        if not rule.exceeded(age):
            yield Pass.model_validate({**shared, "says": f"{says}; declared, not measured"})
        else:
            yield Finding.model_validate(
                {
                    **shared,
                    "severity": rule.severity,
                    "says": says,
                    "matters": "In the incident people find out that the plan names those who left.",
                    "do": "Walk through one scenario with those on call and declare date, participants and actions.",
                }
            )
        return
    plans = facts.all("incident.plan")
    if plans:
        yield Finding.model_validate(
            {
                **shared,
                "subject": plans[0].subject,
                "evidence": [plans[0].id],
                "severity": rule.severity,
                "says": "claim: there is an incident plan; reality: no exercise of it is declared",
                "matters": "A plan that was never walked through is a document.",
                "do": "Walk through one scenario with those on call and declare it with its date.",
            }
        )
        return
    says = "No incident plan and no exercise is declared."
    yield from facts.unknowns("incident.plan.exercised", "incident_plan_untested", says, rule.severity, policy=rule.id)
