"""Is there room left on each file system, for those who write to it?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(
    title="room left on each file system",
    quantities=("disk.space.used",),
    policies=("health.disk.space.critical", "health.disk.space"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Space as an unprivileged user has it, against the policy."""
    yield from above(
        facts,
        policy,
        quantity="disk.space.used",
        rules=("health.disk.space.critical", "health.disk.space"),
        code="disk_space_low",
        what=lambda n: f"file system {n.subject.removeprefix('filesystem:')} is {shown(n)} full",
        matters="When it is full, writes fail: orders are lost, databases stop, logins break.",
        do="Find what grows (du -x), remove or move it, then enlarge the volume if the growth is real.",
    )
