"""How fast does each journey burn its error budget, and when is it empty at that rate?"""

from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import FEWEST_FAILURES, samples
from infra_maintainer.evidence.model import Missing
from infra_maintainer.evidence.show import show
from infra_maintainer.reliability.burn import RULES, Rule

SHARE, CODE = "availability.requests", "journey_burn"
LASTS = 1.0  # at this rate the budget lasts as long as its window


class _Rate(NamedTuple):
    rule: Rule
    policy: Threshold
    rate: Number
    empty: Number | None

    @property
    def exceeded(self) -> bool:
        return self.policy.exceeded(self.rate.value)

    @property
    def ids(self) -> list[str]:
        return [self.rate.id, *([self.empty.id] if self.empty else [])]

    def few(self, target: Threshold) -> bool:
        """Whether so few requests allow less than one failure, and one or two failed: an accident, not a rate."""
        allowed = samples(self.rate) * (100 - target.value) / 100
        return allowed < 1 and round(allowed * self.rate.value) < FEWEST_FAILURES


@check(
    title="how fast journeys burn their error budget, by the requests of real users",
    quantities=tuple(f"{SHARE}.{what}.{rule.name}" for what in ("burn", "empty") for rule in RULES),
    policies=("health.traffic.availability", *(f"health.traffic.burn.{rule.name}" for rule in RULES)),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One line for each place that counts a journey: the gravest rule that burns, else the fastest rate."""
    target = policy["health.traffic.availability"]
    for share in facts.numbers(SHARE):
        rates, gaps = _of(facts, policy, share)
        if not rates and not gaps:
            continue
        ids = [*(id for each in rates for id in each.ids), *(each.id for each in gaps)]
        name = f"the journey {share.subject.partition(':')[2]}"
        rest = f"; not known over {', '.join(_long(each) for each in gaps)}" if gaps else ""
        burning = [each for each in rates if each.exceeded and not each.few(target)]
        doubtful = [each for each in rates if each.exceeded and each.few(target)]
        if burning:
            says = f"{name}: its error budget {_burns(burning[0], rates)}{rest}"
            yield Finding(
                code=CODE, subject=share.subject, severity=burning[0].policy.severity, says=says, evidence=ids,
                policy=burning[0].policy.id, matters="When it is empty, users have had all the failures of the window.",
                do="Stop changes, undo the last one, and start with the route of the journey that fails most.",
                user_facing=True,
            )  # fmt: skip
        elif doubtful:
            says = f"Too few requests to tell: {name}: its error budget {_burns(doubtful[0], rates)}{rest}"
            detail = f"{samples(doubtful[0].rate)} requests allow less than one failure"
            yield _unknown(share, says, ids, doubtful[0].policy.id, detail, "look again when more were served")
        elif rates:
            fastest = max(rates, key=lambda each: each.rate.value)
            says = f"{name}: its error budget {_burns(fastest, rates)}{rest}"
            yield Pass(
                code=CODE, subject=share.subject, says=says, evidence=ids, policy=fastest.policy.id, user_facing=True
            )
        else:
            says = f"How fast {name} burns its error budget is not known."
            yield _unknown(share, says, ids, "health.traffic.burn.fast", gaps[0].detail, gaps[0].how, gaps[0])


def _of(facts: Facts, policy: Policy, share: Number) -> tuple[list[_Rate], list[Missing]]:
    """What the place that counted the share says, shortest windows first."""

    def own(what: str, rule: Rule) -> Number | None:
        found = facts.numbers(f"{SHARE}.{what}.{rule.name}", share.subject)
        return next((each for each in found if each.record.source.startswith(share.record.source)), None)

    rates: list[_Rate] = []
    gaps: list[Missing] = []
    for rule in RULES:
        if (rate := own("burn", rule)) is not None:
            rates.append(_Rate(rule, policy[f"health.traffic.burn.{rule.name}"], rate, own("empty", rule)))
            continue
        missing = facts.missing(f"{SHARE}.burn.{rule.name}", share.subject)
        gaps += [each for each in missing if each.source.startswith(share.record.source)][:1]
    return rates, gaps


def _burns(told: _Rate, rates: list[_Rate]) -> str:
    """How fast, when empty, and whether the shortest windows say that it is over."""
    now = rates[0]
    limits = f"(limit {limit(told.policy)})"
    if told.rule != now.rule and told.rate.value > LASTS >= now.rate.value:
        was = f"burnt {shown(told.rate)} times as fast as it may {told.rule.over} {limits}"
        return f"{was}, and no longer: {shown(now.rate)} times {now.rule.over}"
    if told.empty is None:
        return f"does not burn {told.rule.over} {limits}"
    says = f"burns {shown(told.rate)} times as fast as it may {told.rule.over} {limits}"
    if told.empty.value == 0:
        return f"{says}, and is spent already"
    if told.rate.value <= LASTS:
        return f"{says}: at this rate a whole budget lasts"
    return f"{says}: empty in at most {shown(told.empty)} at this rate"


def _long(gap: Missing) -> str:
    return next(show(each.long * 60.0, "s") for each in RULES if gap.quantity.endswith(f".{each.name}"))


def _unknown(
    share: Number, says: str, ids: list[str], rule: str, detail: str, how: str, gap: Missing | None = None
) -> Unknown:
    return Unknown(
        code=CODE, subject=share.subject, quantity=gap.quantity if gap else f"{SHARE}.burn.fast", says=says,
        evidence=ids, policy=rule, why=gap.why if gap else "no_data", detail=detail, how=how, could_be="medium",
        user_facing=True,
    )  # fmt: skip
