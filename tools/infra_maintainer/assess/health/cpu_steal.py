"""Does the hypervisor give this machine the CPU time it asks for?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(title="CPU time stolen by the hypervisor", quantities=("cpu.steal",), policies=("health.cpu.steal",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Watched for seconds: medium at most."""
    yield from above(
        facts,
        policy,
        quantity="cpu.steal",
        rules=("health.cpu.steal",),
        code="cpu_stolen",
        what=lambda n: f"the hypervisor took {shown(n)} of the CPU time",
        matters="The machine is slow although its own work is small.",
        do="Ask the provider, move to another host, or leave a burstable instance type whose credits are used up.",
    )
