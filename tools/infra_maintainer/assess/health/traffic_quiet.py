"""Does the log still tell what users get, or did it end some time ago?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import name_of, samples

HOW = "see whether the server still writes to the file that [[access_log]] names, and whether users still reach it"
FEWEST = 20  # of fewer requests the longest gap is known too badly


@check(
    title="whether the access log goes on until now",
    quantities=("log.quiet", "log.gap"),
    policies=("health.traffic.quiet", "health.traffic.quiet.gaps", "health.traffic.quiet.least"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A log that ended is yesterday's health: everything read from it is true of then, and nothing is known of now."""
    rule = policy["health.traffic.quiet"]
    for quiet in facts.numbers("log.quiet"):
        most = "at most " if getattr(quiet.record, "stat", None) == "max" else ""
        says = f"{name_of(quiet.subject)}: the last request of a user in the log is {most}{shown(quiet)} old"
        gap = facts.number("log.gap", quiet.subject)
        if not rule.exceeded(quiet.value) and gap is not None and _unlike_before(policy, quiet, gap):
            times = policy["health.traffic.quiet.gaps"]
            says += f", at least {int(quiet.value / gap.value)} times the longest gap before, of at most {shown(gap)}"
            yield Unknown(
                code="log_ended", subject=quiet.subject, quantity="log.quiet", why="no_data",
                detail="so long a silence is not known of it: nobody gets through, or it is no longer written",
                says=f"{says} (limit {limit(times)} times): what users get now is not known.", how=HOW,
                could_be=times.severity, evidence=[quiet.id, gap.id], policy=times.id, user_facing=True,
            )  # fmt: skip
            continue
        if not rule.exceeded(quiet.value):
            yield Pass(
                code="log_ended", subject=quiet.subject, says=f"{says} (limit {limit(rule)})", evidence=[quiet.id],
                policy=rule.id,
            )  # fmt: skip
            continue
        yield Unknown(
            code="log_ended", subject=quiet.subject, quantity="log.quiet", why="no_data", detail="the log ends there",
            says=f"{says} (limit {limit(rule)}): what users get now is not known.", how=HOW, could_be=rule.severity,
            evidence=[quiet.id], policy=rule.id, user_facing=True,
        )  # fmt: skip


def _unlike_before(policy: Policy, quiet: Number, gap: Number) -> bool:
    """A silence many times longer than any before; one of a log with rare requests is not."""
    long, least = policy["health.traffic.quiet.gaps"], policy["health.traffic.quiet.least"]
    return samples(gap) >= FEWEST and least.exceeded(quiet.value) and long.exceeded(quiet.value / gap.value)
