"""Does every port that others can reach speak TLS?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import about
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(title="ports in plain text", quantities=("tls.offered",), policies=("security.tls.plain",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A declared port in plain text is a finding, and so is a listener that the filter does not keep in."""
    rule = policy["security.tls.plain"]
    for record in facts.all("tls.offered"):
        reachable = facts.one("listener.reachable", record.subject)
        ids = [record.id, *([reachable.id] if reachable else [])]
        if record.value is True:
            yield Pass(
                code="plain_text",
                subject=record.subject,
                says=f"{about(record.subject)}speaks TLS",
                evidence=ids,
                policy=rule.id,
            )
        elif reachable is None or reachable.value is True:
            yield Finding(
                code="plain_text",
                subject=record.subject,
                severity=rule.severity,
                says=about(record.subject)
                + ("speaks plain text" if reachable is None else "speaks plain text and is reachable from outside"),
                matters="Passwords and data on this connection can be read and changed by anybody on the way.",
                do="Switch TLS on, or bind it to loopback when only this host uses it.",
                evidence=ids,
                policy=rule.id,
            )
    says = "It could not be seen whether this port speaks TLS."
    yield from facts.unknowns("tls.offered", "plain_text", says, rule.severity, policy=rule.id)
