"""How right we were: earlier forecasts against what came."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import spoken
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown


@check(
    title="how right earlier forecasts were",
    quantities=("forecast.hit_rate80", "forecast.scored"),
    policies=("capacity.past_hit_rate",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The hit rate of the 80 % interval per series."""
    rule = policy["capacity.past_hit_rate"]
    found = facts.numbers("forecast.hit_rate80")
    for number in found:
        subject = number.subject
        wide, error = facts.number("forecast.hit_rate95", subject), facts.number("forecast.error", subject)
        count = facts.number("forecast.scored", subject)
        if wide is None or error is None or count is None:
            continue
        ids = [number.id, wide.id, error.id, count.id]
        says = (
            f"{spoken(subject)}: {shown(count)} earlier forecasts; the "
            f"80 % interval held in {shown(number)} of the hours, "
            f"the 95 % interval in {shown(wide)}; error {shown(error)} of what came"
        )
        if not rule.undercut(number.value):
            yield Pass(code="forecasts_before", subject=subject, says=says, evidence=ids, policy=rule.id)
            continue
        yield Finding(
            code="forecasts_before",
            subject=subject,
            severity=rule.severity,
            says=f"{says}: below {limit(rule)}, read this forecast with care",
            matters="Plans that rest on too narrow a range come too late.",
            do="Plan with the 95 % range until the hit rate recovers.",
            evidence=ids,
            policy=rule.id,
        )
    if not found:
        yield Unknown(
            code="forecasts_before",
            subject="system:declared",
            quantity="forecast.hit_rate80",
            says="How right earlier forecasts were is not known yet: none has come due.",
            why="no_data",
            how="make plans with the same store again; each forecast is scored as its hours come",
            policy=rule.id,
            could_be="low",
        )
