"""Theatre: a moved port in place of a lock."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(
    title="obscurity in place of a lock",
    quantities=("ssh.port", "ssh.login.password"),
    policies=("security.ssh.password",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """ssh on an odd port with password login. The port itself is never a fault and never a merit."""
    rule = policy["security.ssh.password"]
    open_logins = [record for record in facts.all("ssh.login.password") if record.value is True]
    for port in facts.numbers("ssh.port"):
        if port.value == 22 or not open_logins:
            continue
        yield Finding(
            code="theatre_obscurity",
            subject=port.subject,
            severity=rule.severity,
            says=f"claim: ssh is hidden on port {port.value:g}; reality: a password alone opens it",
            matters="Scanners find the port within the hour.",
            do="Ask for keys with a second factor; leave the port where it is.",
            evidence=[port.id, *(record.id for record in open_logins)],
            policy=rule.id,
        )
