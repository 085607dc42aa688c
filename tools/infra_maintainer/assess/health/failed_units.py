"""Are there systemd units that failed?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(title="failed systemd units", quantities=("units.failed",), policies=("health.units.failed",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Their names are outside text and stay in the evidence."""
    yield from above(
        facts,
        policy,
        quantity="units.failed",
        rules=("health.units.failed",),
        code="units_failed",
        what=lambda n: f"failed systemd units: {shown(n)}",
        matters="What the unit was installed for does not happen: a service, a mount, a backup timer.",
        do="See systemctl --failed, then journalctl -u of each; mend it, or disable what nobody needs.",
    )
