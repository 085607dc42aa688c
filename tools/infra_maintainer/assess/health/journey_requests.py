"""Did the requests of each journey succeed as often as users were promised?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import budget_spent, samples, too_few_failures
from infra_maintainer.evidence.show import counted, many, show

SHARE = "availability.requests"
PARTS = ("failed", "budget_spent", "silence", "quiet", "unseen", "late", "planned")
CODE = "journey_availability"
QUIET_S = 600  # a shorter silence of a log is not worth a word


@check(
    title="availability of journeys by the requests of real users",
    quantities=(SHARE, *(f"{SHARE}.{part}" for part in PARTS), f"{SHARE}.limit"),
    policies=("health.traffic.availability",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each place that counts a journey's requests by itself: two logs of the same requests are not added up."""
    rule = policy["health.traffic.availability"]
    for share in facts.numbers(SHARE):
        says, evidence = _says(facts, share, rule)
        if not rule.undercut(share.value):
            yield Pass(code=CODE, subject=share.subject, says=says, evidence=evidence, policy=rule.id, user_facing=True)
        elif too_few_failures(share, rule):
            yield Unknown(
                code=CODE, subject=share.subject, quantity=SHARE, says=f"Too few requests to tell: {says}",
                why="no_data",
                detail=counted(
                    samples(share), f"{samples(share)} [request allows|requests allow] less than one failure"
                ),
                how="name the rotated set (access.log*) in [[access_log]], so that more requests count",
                evidence=evidence, policy=rule.id, could_be="medium",
                user_facing=True,
            )  # fmt: skip
        else:
            yield Finding(
                code=CODE, subject=share.subject, severity=rule.severity, says=says, evidence=evidence, policy=rule.id,
                matters="This is the availability that users of the journey had, not the one that hosts report.",
                do="Stop changes until it is back, and start with the route of the journey that fails most.",
                user_facing=True,
            )  # fmt: skip
    yield from facts.unknowns(
        SHARE, CODE, "The availability of {name} by its requests is not known.", "medium", policy=rule.id,
        user_facing=True,
    )  # fmt: skip


def _says(facts: Facts, share: Number, rule: Threshold) -> tuple[str, list[str]]:
    """Share, requests, window and budget, then what the log cannot tell."""
    origin = share.record.source
    told = {
        part: each
        for part in PARTS
        for each in facts.all(f"{SHARE}.{part}", share.subject)
        if origin.startswith(each.source)
    }
    window = getattr(share.record, "window", None)
    over = f" over {show(window, 's')}" if window else ""
    name = share.subject.partition(":")[2]
    says = f"the journey {name}: {shown(share)} of {many(samples(share), 'request')}{over} answered"
    given = facts.number(f"{SHARE}.limit", share.subject)
    if given is not None:
        says += f" within {shown(given)}" if "late" in told else f" (whether within {shown(given)} is not known)"
    if "budget_spent" in told:
        says += f", {budget_spent(float(told['budget_spent'].value))} spent"
    says += f" (real users; target {limit(rule)})"
    if "late" in told and told["late"].value:
        says += f"; {show(told['late'].value, '1')} of them well but too late"
    if "planned" in told and told["planned"].value:
        says += f"; {show(told['planned'].value, '1')} failures of its log fell into announced downtime, which counts"
    if "unseen" in told:
        says += f"; nobody asked for {told['unseen'].value}"
    silent = {part: float(told[part].value) for part in ("silence", "quiet") if part in told}
    if silent and max(silent.values()) >= QUIET_S:
        now = silent.get("quiet", 0.0) >= silent.get("silence", 0.0)
        gap = f"for {'the last ' if now else 'up to '}{show(max(silent.values()), 's')}"
        says += f"; no request at all {gap}: quiet or down, a log cannot tell"
    return says, [share.id, *([given.id] if given else []), *(each.id for each in told.values())]
