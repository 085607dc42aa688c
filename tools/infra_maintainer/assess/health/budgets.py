"""The budgets that every service is held to: which are kept, which are missed, which nobody measured.

The availability budget, which has a best and a worst case, is judged in a file of its own.
"""

from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.evidence.model import Stat


class Budget(NamedTuple):
    """A budget: its rule, its words, and the quantity and statistic that judge it, best source first."""

    rule: str
    words: str
    sources: tuple[tuple[str, Stat | None, str], ...]


REAL, SYNTHETIC = "real users", "synthetic"
BUDGETS = (
    Budget("budget.page_load", "page load P95", (("page.load", "p95", REAL),)),
    Budget("budget.navigation", "navigation P95", (("page.navigation", "p95", REAL),)),
    Budget("budget.interactive", "time to interactive P95", (("page.interactive", "p95", REAL),)),
    Budget("budget.api", "API P95", (("traffic.latency", "p95", REAL), ("endpoint.latency", "p95", SYNTHETIC))),
    Budget("budget.errors", "errors", (("traffic.errors", None, REAL), ("endpoint.errors", None, SYNTHETIC))),
)


@check(
    title="the budgets: page load, navigation, API, time to interactive, errors",
    quantities=tuple(dict.fromkeys(quantity for budget in BUDGETS for quantity, _, _ in budget.sources)),
    policies=tuple(budget.rule for budget in BUDGETS),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each budget by its best source: kept, missed, or unknown with the step that would measure it."""
    for budget in BUDGETS:
        rule = policy[budget.rule]
        found = next((each for each in (_numbers(facts, *source) for source in budget.sources) if each[0]), None)
        if found is None:
            yield _unknown(facts, budget, rule)
            continue
        numbers, kind = found
        worst = max(numbers, key=lambda each: each.value)
        kind = SYNTHETIC if "(synthetic" in worst.record.source else kind
        where = worst.subject.partition(":")[2]
        says = f"budget {budget.words} of {limit(rule)}: {shown(worst)} ({where}; {kind})"
        if not rule.exceeded(worst.value):
            yield Pass(
                code=budget.rule.replace(".", "_"), subject=worst.subject, says=says, evidence=[worst.id],
                policy=rule.id, user_facing=True,
            )  # fmt: skip
            continue
        yield Finding(
            code=budget.rule.replace(".", "_"),
            subject=worst.subject,
            severity=rule.severity,
            says=f"{says}: missed",
            matters="Beyond the budget people notice that they wait or fail, and go elsewhere.",
            do="Start where the bottleneck is named, or with the largest kind of failure.",
            evidence=[worst.id],
            policy=rule.id,
            user_facing=True,
        )


def _numbers(facts: Facts, quantity: str, stat: Stat | None, kind: str) -> tuple[list[Number], str]:
    whole = ("traffic:", "page:", "endpoint:")
    return [each for each in facts.numbers(quantity, stat=stat) if each.subject.startswith(whole)], kind


def _unknown(facts: Facts, budget: Budget, rule: Threshold) -> Unknown:
    quantity = budget.sources[0][0]
    gaps = sorted(facts.missing(quantity), key=lambda each: each.why == "not_configured")  # what failed says more
    return Unknown(
        code=budget.rule.replace(".", "_"),
        subject="system:declared",
        says=f"budget {budget.words} ({limit(rule)}): not measured.",
        evidence=[each.id for each in gaps[:1]],
        policy=rule.id,
        quantity=quantity,
        why=gaps[0].why if gaps else "not_configured",
        detail=gaps[0].detail if gaps else "",
        how=gaps[0].how if gaps else "declare a [[page]], an [[access_log]] or a [[prometheus]] in infra.toml",
        could_be=rule.severity,
        user_facing=True,
    )
