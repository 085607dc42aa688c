"""Does an installed update wait for a restart?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(title="restart required", quantities=("reboot.required",), policies=("health.reboot.required",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """For health it is low: nobody feels it today."""
    rule = policy["health.reboot.required"]
    for each in facts.all("reboot.required"):
        if each.value == rule.value:
            yield Finding(
                code="reboot_required",
                subject=each.subject,
                severity=rule.severity,
                says="an installed update waits for a restart",
                matters="Until then the old kernel or library runs on, with the faults that the update mends.",
                do="Plan a restart in a quiet hour, one instance after the other.",
                evidence=[each.id],
                policy=rule.id,
            )
        else:
            yield Pass(
                code="reboot_required",
                subject=each.subject,
                says="no installed update waits for a restart",
                evidence=[each.id],
                policy=rule.id,
            )
    yield from facts.unknowns(
        "reboot.required",
        "reboot_required",
        "Whether an update of {name} waits for a restart could not be read.",
        rule.severity,
        policy=rule.id,
    )
