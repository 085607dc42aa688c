"""Does a replication slot keep the log until the disk is full?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(title="log kept for replication slots", quantities=("db.slot.retained",), policies=("health.db.slot.retained",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Does a replication slot keep the log until the disk is full?"""
    yield from above(
        facts,
        policy,
        quantity="db.slot.retained",
        rules=("health.db.slot.retained",),
        code="slot_retains_log",
        what=lambda n: f"{place(n.subject)}: {shown(n)} of log are kept for it",
        matters="The log fills the disk, and a full disk stops the database.",
        do="Bring its consumer back, or drop the slot when nobody will read it again.",
    )
