"""Would what a cache holds survive a restart, as it is set up to?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.traffic import place


@check(title="persistence of each cache", quantities=("cache.persistence.ok",), policies=("health.cache.persistence",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The last save and the last write of the append-only file."""
    rule = policy["health.cache.persistence"]
    for each in facts.all("cache.persistence.ok"):
        if each.value is True:
            yield Pass(
                code="cache_persistence", subject=each.subject, evidence=[each.id], policy=rule.id,
                says=f"{place(each.subject)}: nothing that it saves failed",
            )  # fmt: skip
            continue
        yield Finding(
            code="cache_persistence",
            subject=each.subject,
            severity=rule.severity,
            says=f"{place(each.subject)}: its last save failed",
            matters="A restart now loses sessions, carts or queues that it holds.",
            do="Look at its log: usually the disk is full or the memory does not suffice for the fork.",
            evidence=[each.id],
            policy=rule.id,
        )
