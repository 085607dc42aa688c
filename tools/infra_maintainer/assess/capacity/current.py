"""Where it stands now: average and P95 of each resource."""

from collections.abc import Iterator

from infra_maintainer.assess.arithmetic.capacity import DAY_S, RULE_OF, SPOKEN, over_longest, series, spoken
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.lasting import over
from infra_maintainer.assess.model import Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.evidence.model import Declared, Measured

SHORT_S = 60
ALWAYS = ("cpu.utilisation", "memory.used", "disk.space.used", "db.connections.used")


@check(title="average and P95 of use", quantities=("cpu.utilisation", "memory.used", "disk.space.used"))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A line per resource; what has no average and P95 of one window is said with what there is, and so named."""
    for quantity in (*RULE_OF, "service.load", "service.users"):
        for subject in facts.subjects(quantity):
            about = spoken(series(quantity, subject))
            mean, tail = (over_longest(facts, quantity, subject, stat) for stat in ("mean", "p95"))
            if mean is not None and tail is not None and _window(mean) == _window(tail):
                says = f"{about}: average {shown(mean)}, P95 {shown(tail)}{over(mean)}"
                yield Pass(code="current", subject=subject, says=says, evidence=[mean.id, tail.id])
            elif (now := _now(facts, quantity, subject)) is not None:
                says = f"{about}: {shown(now)}, {_seen(now)}{over(now)}"
                yield Pass(code="current", subject=subject, says=says, evidence=[now.id])
    yield from facts.unknowns("service.load", "current", "The load of {name} is not known.", "high")
    for quantity in ALWAYS:
        if facts.subjects(quantity):
            continue
        missing = facts.missing(quantity)
        yield Unknown(
            code="current",
            subject=missing[0].subject if missing else "system:declared",
            quantity=quantity,
            says=f"{SPOKEN[quantity][0].upper()}{SPOKEN[quantity][1:]}: use is not known.",
            why=missing[0].why if missing else "not_configured",
            how=missing[0].how if missing else f"name a source of {quantity} in infra.toml",
            evidence=[missing[0].id] if missing else [],
            could_be="medium" if quantity.startswith("db.") else "high",
        )


def _now(facts: Facts, quantity: str, subject: str) -> Number | None:
    """The latest; of a short look its mean: a tail of two seconds is the luck of one moment."""
    now, mean = facts.number(quantity, subject), facts.number(quantity, subject, "mean")
    short = now is not None and (_window(now) or DAY_S) < SHORT_S
    return mean if short and mean is not None else now


def _seen(number: Number) -> str:
    """Which statistic it is; only one moment is a single reading."""
    record = number.record
    stat = "instant" if isinstance(record, Declared) else record.stat
    if stat == "instant" or (isinstance(record, Measured) and record.n == 1):
        return "a single reading"
    return stat.upper() if stat.startswith("p") else stat


def _window(number: Number) -> float | None:
    return number.record.window if isinstance(number.record, Measured) else None
