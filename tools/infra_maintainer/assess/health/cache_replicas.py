"""Are replicas of each cache connected, and close behind?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import place

MATTERS = "Its readers get old data, and a fail-over to it loses what it does not have."


@check(
    title="replicas of each cache",
    quantities=("cache.replica.link", "cache.replica.lag", "cache.replica.silent"),
    policies=("health.cache.replica.link", "health.cache.replica.silent", "health.cache.replica.lag"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One outcome per replica, from its own words or from its master's."""
    linked, quiet, far = (policy[f"health.cache.replica.{each}"] for each in ("link", "silent", "lag"))
    for link in facts.all("cache.replica.link"):
        where, ids = place(link.subject), [link.id]
        if link.value is not True:
            says = f"{where}: is not connected to its master ({link.source})"
            yield Finding(
                code="cache_replica_cut_off",
                subject=link.subject,
                severity=linked.severity,
                says=says,
                matters=MATTERS,
                do="See whether its master runs and lets it in (masteruser, masterauth, TLS), then look at both logs.",
                evidence=ids,
                policy=linked.id,
            )
            continue
        silent = facts.number("cache.replica.silent", link.subject)
        lag = facts.number("cache.replica.lag", link.subject)
        broken = next((r for r, n in ((quiet, silent), (far, lag)) if n is not None and r.exceeded(n.value)), None)
        rule = broken or far
        parts = [f"{shown(lag)} behind"] if lag else []
        parts += [f"last heard of {shown(silent)} ago"] if silent else []
        says = f"{where}: {', '.join(['connected to its master', *parts])} (limit {limit(rule)})"
        ids += [each.id for each in (lag, silent) if each is not None]
        if broken is None:
            yield Pass(code="cache_replica_behind", subject=link.subject, says=says, evidence=ids, policy=rule.id)
            continue
        yield Finding(
            code="cache_replica_behind",
            subject=link.subject,
            severity=broken.severity,
            says=says,
            matters=MATTERS,
            do="See whether it lacks CPU, network or memory, or a long command holds it; then raise repl-backlog-size.",
            evidence=ids,
            policy=broken.id,
        )
    says = "How far {name} is behind is not known."
    yield from facts.unknowns("cache.replica.lag", "cache_replica_behind", says, far.severity, policy=far.id)
