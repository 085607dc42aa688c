"""Where it goes: growth with its interval, the load at the end of the horizon, and what the past cannot say."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import spoken
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown

KINDS = ("use", "rate", "count")
PEAK = {"use": "peak", "rate": "peak_rate"}


@check(title="growth and load ahead", quantities=("forecast.use", "forecast.growth"), policies=("capacity.horizon",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One line per forecast series, one Unknown per refusal with what would be enough."""
    told = False
    for kind in KINDS:
        for number in facts.numbers(f"forecast.{kind}"):
            told = True
            subject = number.subject
            ends = [facts.number(f"forecast.{kind}.{end}", subject) for end in ("low80", "high80", "low95", "high95")]
            growth = [facts.number(f"forecast.growth{end}", subject) for end in ("", ".low95", ".high95")]
            horizon = facts.number("forecast.horizon", subject)
            low80, high80, low95, high95 = ends
            if low80 is None or high80 is None or low95 is None or high95 is None:
                continue
            says = (
                f"{spoken(subject)}: busiest hour of the last week ahead {shown(number)} "
                f"(80 % interval {shown(low80)} to {shown(high80)}, 95 % interval {shown(low95)} to {shown(high95)})"
            )
            known = [each for each in (*ends, *growth, horizon) if each is not None]
            peak = [facts.number(f"forecast.{PEAK.get(kind)}{end}", subject) for end in ("", ".low80", ".high80")]
            if peak[0] and peak[1] and peak[2]:
                says += f"; peak of the last whole week {shown(peak[0])}"
                says += f" (80 % interval {shown(peak[1])} to {shown(peak[2])})"
                known += [each for each in peak if each is not None]
            if growth[0] and growth[1] and growth[2]:
                says += f"; monthly growth {shown(growth[0])} ({shown(growth[1])} to {shown(growth[2])})"
            if horizon is not None:
                says += f"; horizon {shown(horizon)}"
            yield Pass(code="growth", subject=subject, says=says, evidence=[number.id, *(each.id for each in known)])
    for note in facts.all("forecast.history.notes"):
        says = f"{spoken(note.subject)}: noticed in its history: {note.value}"
        yield Pass(code="growth", subject=note.subject, says=says, evidence=[note.id])
    for number in facts.numbers("service.load_per_user"):
        users = facts.number("service.users", number.subject, "mean")
        says = f"{number.subject}: {shown(number)} per user" + (f" with {shown(users)} users" if users else "")
        ids = [number.id, *([users.id] if users else [])]
        yield Pass(code="growth", subject=number.subject, says=says, evidence=ids)
    for quantity in (*(f"forecast.{kind}" for kind in KINDS), "forecast.horizon.rest"):
        for each in facts.missing(quantity):
            told = True
            yield Unknown(
                code="growth",
                subject=each.subject,
                quantity=quantity,
                says=f"{spoken(each.subject)}: {each.detail}",
                why=each.why,
                how=each.how,
                evidence=[each.id],
                policy="capacity.horizon",
                could_be="medium",
            )
    if not told:
        history = facts.missing("forecast.history")
        yield Unknown(
            code="growth",
            subject="system:declared",
            quantity="forecast.growth",
            says=f"Growth is not known: {history[0].detail if history else 'there is no history'}.",
            why=history[0].why if history else "no_data",
            how=history[0].how if history else "start infra-maintainer watch; three days are the least",
            could_be="high",
        )
