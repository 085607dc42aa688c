"""Do figures look better than what users meet: quick answers that are failures, probes faster than any user?"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.traffic import name_of, samples
from infra_maintainer.logs.classes import IDENTIFIER

FEWEST = 20  # of fewer requests a P95 is the slowest one


@check(
    title="figures that flatter",
    quantities=("traffic.latency", "traffic.errors", "endpoint.latency"),
    policies=("health.traffic.errors", "health.traffic.latency.p95"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Silent unless the good figure and the one that contradicts it are both measured."""
    errors_rule, slow_rule = policy["health.traffic.errors"], policy["health.traffic.latency.p95"]
    for users in facts.numbers("traffic.latency", stat="p95"):
        if not users.subject.startswith("traffic:"):
            continue
        errors = facts.number("traffic.errors", users.subject)
        if errors is not None and errors_rule.exceeded(errors.value) and not slow_rule.exceeded(users.value):
            yield Finding(
                code="fast_but_failing",
                subject=users.subject,
                severity="low",
                says=f"{name_of(users.subject)}: the P95 of {shown(users)} counts {shown(errors)} failures as answers",
                matters="A quick failure is not speed: whoever asked got nothing.",
                do="Quote latency only together with the share of failures, and repair these first.",
                evidence=[users.id, errors.id],
                policy=errors_rule.id,
                user_facing=True,
            )
        for probe in facts.numbers("endpoint.latency", stat="p95"):
            met = _same_route(facts, probe, users)
            if met is not None and slow_rule.exceeded(met.value) and not slow_rule.exceeded(probe.value):
                yield Finding(
                    code="probe_flatters",
                    subject=probe.subject,
                    severity="low",
                    says=f"the synthetic P95 of {shown(probe)} (n={samples(probe):,}) is not what users meet: "
                    f"{name_of(met.subject)} has P95 {shown(met)} (n={samples(met):,})",
                    matters="A benchmark that no user meets hides that they wait.",
                    do="Report the users' figure; let the probe do what users do, from where they are.",
                    evidence=[probe.id, met.id],
                    policy=slow_rule.id,
                    user_facing=True,
                )


def _same_route(facts: Facts, probe: Number, users: Number) -> Number | None:
    """What users of the probed path met; of all routes where the log does not tell that path; None of too few."""
    log = users.subject.partition(":")[2]
    path = re.sub(IDENTIFIER + r"\b", "/:id", urlsplit(probe.subject.partition(":")[2]).path or "/")
    route = facts.number("traffic.latency", f"route:{log}:GET {path}", "p95")
    if route is None:
        return users
    return route if samples(route) >= FEWEST else None
