"""Will a sequence run out of numbers?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.assess.traffic import place


@check(title="numbers left in sequences", quantities=("db.sequence.used",), policies=("health.db.sequence",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Will a sequence run out of numbers?"""
    found = above(
        facts,
        policy,
        quantity="db.sequence.used",
        rules=("health.db.sequence",),
        code="sequence_ending",
        what=lambda n: f"{place(n.subject)}: {shown(n)} of its numbers are given out",
        matters="After the last number every insert fails.",
        do="Change the column and its sequence to bigint before that, with a copy of the table or in place.",
    )
    for each in found:  # a role that may not read sequences is common; it must not hide that all else is well
        yield each.model_copy(update={"could_be": "medium"}) if isinstance(each, Unknown) else each
