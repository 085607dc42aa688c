"""Did users have the availability that they were promised, as the samples of earlier runs tell it?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, limit, shown
from infra_maintainer.assess.traffic import budget_spent
from infra_maintainer.evidence.show import show

BURNS = ("fast", "medium", "slow")
PARTS = ("worst", "watched", "pace", "gap", "down", "planned", "budget_spent")
MATTERS = "This is the availability that users had: they did not plan the planned part either."
DO = "Stop changes until it is back, and spend the time on what took it down longest."


@check(
    title="availability of journeys and addresses over the window",
    quantities=("availability.best", "availability.requests", *(f"availability.{part}" for part in PARTS),
                *(f"availability.burn.{name}" for name in BURNS)),
    policies=("health.traffic.availability", *(f"health.traffic.burn.{name}" for name in BURNS)),
)  # fmt: skip
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Below target even if all that nobody watched was up: broken. Kept even if all of it was down: a pass."""
    rule = policy["health.traffic.availability"]
    asked = set(facts.subjects("availability.requests"))  # these need no samples over time: their users tell
    for best in facts.numbers("availability.best"):
        parts = {part: facts.number(f"availability.{part}", best.subject) for part in PARTS}
        told = {part: number for part, number in parts.items() if number}
        says = f"{_says(best, told)} (target {limit(rule)})"
        evidence = [best.id, *(number.id for number in told.values())]
        if rule.undercut(best.value):
            yield Finding(
                code="availability_missed", subject=best.subject, severity=rule.severity, says=says, matters=MATTERS,
                do=DO, evidence=evidence, policy=rule.id, user_facing=True,
            )  # fmt: skip
        elif "worst" in told and not rule.undercut(told["worst"].value):
            yield Pass(
                code="availability_missed", subject=best.subject, says=says, evidence=evidence, policy=rule.id,
                user_facing=True,
            )  # fmt: skip
        elif best.subject not in asked:
            yield Unknown(
                code="availability_missed", subject=best.subject, says=f"Too many gaps to tell: {says}",
                evidence=evidence, policy=rule.id, quantity="availability.best", why="no_data",
                detail="the target lies between the best and the worst case",
                how="run `infra-maintainer health` from a timer without gaps, always with the same --store",
                could_be="medium", user_facing=True,
            )  # fmt: skip
    unknown = facts.unknowns(
        "availability.best", "availability_missed", "The availability of {name} over time is not known.", "medium",
        policy=rule.id, user_facing=True,
    )  # fmt: skip
    yield from (each for each in unknown if each.subject not in asked)
    for name in BURNS:
        if facts.all(f"availability.burn.{name}"):
            yield from above(
                facts, policy, quantity=f"availability.burn.{name}", rules=(f"health.traffic.burn.{name}",),
                code=f"budget_burn_{name}", user_facing=True, matters=MATTERS, do=DO,
                what=lambda n: f"{_name(n)}: the error budget burns {n.value:.1f} times as fast as it may",
            )  # fmt: skip


def _name(number: Number) -> str:
    kind, _, rest = number.subject.partition(":")
    return f"the journey {rest}" if kind == "journey" else rest


def _minutes(number: Number) -> str:
    """Minutes, the unit that targets are promised in: 43.2 a month for 99.9 %."""
    return shown(number) if number.value < 60 else show(number.value / 60, "min")


def _says(best: Number, told: dict[str, Number]) -> str:
    """Best and worst case, minutes down, the planned part, and how closely anybody looked."""
    text = {part: shown(number) for part, number in told.items()}
    worst = told.get("worst")
    share = shown(best) if worst is None or worst.value == best.value else f"{text['worst']} to {shown(best)}"
    window = getattr(best.record, "window", None) or 0.0
    down, planned = told.get("down"), told.get("planned")
    parts = [f"{_name(best)}: up {share} of {show(window, 's')}"]
    if down:
        parts.append(f"seen down for {_minutes(down)}")
    if planned and planned.value:
        parts.append(f"of which {_minutes(planned)} planned, counted like the rest")
    if "budget_spent" in text:
        parts.append(f"{budget_spent(told['budget_spent'].value)} spent")
    if {"watched", "pace", "gap"} <= set(text):
        pace, gap = (show(round(told[part].value), "s") for part in ("pace", "gap"))
        parts.append(f"watched for {text['watched']} of it: a look every {pace}, unknown where {gap} pass without one")
    return ", ".join(parts)
