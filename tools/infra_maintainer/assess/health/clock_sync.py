"""Is the clock kept right by a time source?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(title="time synchronisation", quantities=("clock.synchronised",), policies=("health.clock.synchronised",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The kernel's own word."""
    rule = policy["health.clock.synchronised"]
    for each in facts.all("clock.synchronised"):
        if each.value == rule.value:
            yield Pass(
                code="clock_unsynchronised",
                subject=each.subject,
                says="the clock is disciplined by a time source",
                evidence=[each.id],
                policy=rule.id,
            )
            continue
        yield Finding(
            code="clock_unsynchronised",
            subject=each.subject,
            severity=rule.severity,
            says="the kernel says that no time source disciplines its clock",
            matters="A clock that drifts makes logins, certificates and replication fail, and logs tell a wrong order.",
            do="Install and start chrony or systemd-timesyncd; in a VM or container, see to it on its host.",
            evidence=[each.id],
            policy=rule.id,
        )
    yield from facts.unknowns(
        "clock.synchronised",
        "clock_unsynchronised",
        "Whether the clock of {name} is kept right could not be read.",
        rule.severity,
        policy=rule.id,
    )
