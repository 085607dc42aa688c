"""What can be reached from outside, and does the firewall that people rely on really filter?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import none_of, unseen
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.evidence.show import many


@check(
    title="listening sockets against the packet filter",
    quantities=("firewall.filters", "firewall.forwarded.ports", "listener.reachable"),
    policies=("security.firewall.filters", "security.firewall.bypass"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A filter without a default drop is none, whatever its program says of itself."""
    rule = policy["security.firewall.filters"]
    reachable = [each for each in facts.all("listener.reachable") if each.value is True]
    for record in facts.all("firewall.filters"):
        ids = [record.id, *(each.id for each in reachable)]
        shared = {"code": "firewall_open", "subject": record.subject, "policy": rule.id}
        if record.value is True:
            yield Pass.model_validate(
                {
                    **shared,
                    "says": f"the host drops what no rule lets in; {many(len(reachable), 'listening socket')} let in",
                    "evidence": ids,
                }
            )
        else:
            yield Finding.model_validate(
                {
                    **shared,
                    "severity": rule.severity,
                    "says": f"the host drops nothing by default; {many(len(reachable), 'open listening socket')}",
                    "matters": "What is installed tomorrow is reachable tomorrow, unless something in front filters.",
                    "do": "Set a default drop on input, let in what users need; security groups are invisible here.",
                    "evidence": ids,
                }
            )
    if any(record.value is True for record in facts.all("firewall.filters")):
        yield from none_of(
            facts,
            policy,
            quantity="firewall.forwarded.ports",
            rule="security.firewall.bypass",
            code="firewall_bypassed",
            what="[port is|ports are] forwarded before the input rules see [it|them], past the firewall",
            matters="ufw or nftables shows these ports as closed; they are open.",
            do="Publish containers on 127.0.0.1 behind the proxy, or filter in the DOCKER-USER chain.",
        )
    for quantity in ("firewall.filters", "listener.reachable"):
        yield from facts.unknowns(quantity, "firewall_open", unseen(quantity), "high", policy=rule.id)
