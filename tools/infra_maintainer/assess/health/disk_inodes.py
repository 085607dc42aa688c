"""Can files still be made on each file system?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown


@check(title="inodes left on each file system", quantities=("disk.inodes.used",), policies=("health.disk.inodes",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """File systems that make inodes as needed report none and are not asked."""
    yield from above(
        facts,
        policy,
        quantity="disk.inodes.used",
        rules=("health.disk.inodes",),
        code="inodes_low",
        what=lambda n: f"file system {n.subject.removeprefix('filesystem:')} has {shown(n)} of its inodes in use",
        matters="Without inodes no file can be made: mails, sessions and uploads fail although there is space.",
        do="Find the folder with the many small files (du --inodes) and clean it up.",
    )
