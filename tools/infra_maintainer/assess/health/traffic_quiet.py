"""Does the log still tell what users get, or did it end some time ago?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import name_of

HOW = "see whether the server still writes to the file that [[access_log]] names, and whether users still reach it"


@check(
    title="whether the access log goes on until now",
    quantities=("log.quiet",),
    policies=("health.traffic.quiet",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A log that ended is yesterday's health: everything read from it is true of then, and nothing is known of now."""
    rule = policy["health.traffic.quiet"]
    for quiet in facts.numbers("log.quiet"):
        most = "at most " if getattr(quiet.record, "stat", None) == "max" else ""
        says = f"{name_of(quiet.subject)}: the last request of a user in the log is {most}{shown(quiet)} old"
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
