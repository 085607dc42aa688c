"""Is the promised availability kept, and how fast does its error budget burn?"""

from collections.abc import Iterator
from functools import partial

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, limit, shown
from infra_maintainer.assess.traffic import name_of, of_how_many
from infra_maintainer.reliability.burn import RULES, Rule

DO = "Stop changes until it is back, and spend the time on the largest kind of failure."


@check(
    title="availability as users had it, and its error budget",
    quantities=("traffic.availability", *(f"traffic.burn.{rule.name}" for rule in RULES)),
    policies=("health.traffic.availability", *(f"health.traffic.burn.{rule.name}" for rule in RULES)),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """By requests: planned downtime counts, and no traffic is not availability."""
    rule = policy["health.traffic.availability"]
    for number in facts.numbers("traffic.availability"):
        says = f"{name_of(number.subject)}: {shown(number)} of {of_how_many(number, 'request')} answered well"
        if not rule.undercut(number.value):
            yield Pass(
                code="availability",
                subject=number.subject,
                says=f"{says} (target {limit(rule)})",
                evidence=[number.id],
                policy=rule.id,
                user_facing=True,
            )
            continue
        yield Finding(
            code="availability",
            subject=number.subject,
            evidence=[number.id],
            policy=rule.id,
            severity=rule.severity,
            says=f"{says} (target {limit(rule)})",
            matters="This is the availability that users had, not the one that hosts report.",
            do=DO,
            user_facing=True,
        )
    for each in RULES:
        for outcome in above(
            facts,
            policy,
            quantity=f"traffic.burn.{each.name}",
            rules=(f"health.traffic.burn.{each.name}",),
            code=f"budget_burn_{each.name}",
            what=partial(_burn, each),
            matters="At this rate the allowance for errors is gone long before the month is.",
            do=DO,
            user_facing=True,
        ):
            yield _not_now(each, outcome) if isinstance(outcome, Unknown) else outcome


def _not_now(rule: Rule, unknown: Unknown) -> Unknown:
    """No request in the short window, as at night: no worse than it is for a journey."""
    if unknown.why != "no_data":
        return unknown
    says = f"How fast {name_of(unknown.subject)} burns its error budget {rule.over} is not known."
    return unknown.model_copy(update={"says": says, "could_be": "medium"})


def _burn(rule: Rule, rate: Number) -> str:
    lower = f"the lower rate {rule.over}"
    return f"{name_of(rate.subject)}: the error budget burns {rate.value:.1f} times as fast as it may ({lower})"
