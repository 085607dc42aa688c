"""How long do users wait at the tail of each address?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import asked_from, samples
from infra_maintainer.evidence.model import Measured

MATTERS = "Users meet the tail many times a day: a page of a hundred requests is as slow as its slowest one."
DO = "Find which phase holds the time in the slow requests (the medians of the phases are cited), then trace that one."
PHASES = ("dns", "connect", "tls", "first_byte", "body")


@check(
    title="waiting time at the tail of each address (synthetic)",
    quantities=("endpoint.latency",),
    policies=("health.endpoint.latency.p95", "health.endpoint.latency.p99"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """P95 and P99 against the policy; a mean decides nothing. The tail leads each sentence."""
    for subject in facts.subjects("endpoint.latency"):
        p50, p95, p99 = (facts.number("endpoint.latency", subject, stat) for stat in ("p50", "p95", "p99"))
        if p50 is None or p95 is None or p99 is None or not isinstance(p99.record, Measured):
            continue
        few = ", few samples for a P99: one or two requests decide it" if p99.record.flag else ""
        says = (
            f"{subject.removeprefix('endpoint:')}: P99 {shown(p99)}, P95 {shown(p95)}, P50 {shown(p50)} "
            f"(n={samples(p99):,}{few}; {asked_from(p99)})"
        )
        ids = [p99.id, p95.id, p50.id]
        failed = facts.number("endpoint.errors", subject)
        if failed is not None and failed.value > 0:
            says += f"; only of those that answered: {shown(failed)} failed and are not in it"
            ids.append(failed.id)
        rules = (policy["health.endpoint.latency.p95"], policy["health.endpoint.latency.p99"])
        broken = next((rule for rule, it in zip(rules, (p95, p99), strict=True) if rule.exceeded(it.value)), None)
        if broken is None:
            yield Pass(
                code="endpoint_slow",
                subject=subject,
                says=f"{says}; limit P95 {limit(rules[0])}",
                evidence=ids,
                policy=rules[0].id,
                user_facing=True,
            )
            continue
        phases = sorted(
            (each for phase in PHASES for each in facts.numbers(f"endpoint.latency.{phase}", subject, "p50")),
            key=lambda each: -each.value,
        )
        if phases:
            name = phases[0].record.quantity.rsplit(".", 1)[-1].replace("_", " ")
            says += f"; at the median most time goes to {name} ({shown(phases[0])})"
            ids += [each.id for each in phases]
        stat = broken.id.rsplit(".", 1)[-1].upper()
        yield Finding(
            code="endpoint_slow",
            subject=subject,
            severity=broken.severity,
            evidence=ids,
            policy=broken.id,
            says=f"{says}; limit {stat} {limit(broken)}",
            matters=MATTERS,
            do=DO,
            user_facing=True,
        )
    yield from facts.unknowns(
        "endpoint.latency",
        "endpoint_slow",
        "How long requests to {name} take was not probed.",
        "high",
        policy="health.endpoint.latency.p95",
        user_facing=True,
    )
