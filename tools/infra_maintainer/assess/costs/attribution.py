"""Who pays: the share of spend that carries its owner's tag, and the rest."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, shown
from infra_maintainer.evidence.model import Measured


@check(title="spend that names its owner", quantities=("bill.unowned", "bill.unnamed"), policies=("costs.unowned",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """By cost, not by count: one untagged cluster outweighs a thousand tagged disks."""
    yield from above(
        facts,
        policy,
        quantity="bill.unowned",
        rules=("costs.unowned",),
        code="spend_unowned",
        what=lambda number: (
            f"{number.subject}: {shown(number)} of usage cost has no owner's tag{_split(number.record)}"
        ),
        matters="What nobody owns nobody cleans up.",
        do="Tag the dearest untagged resources first, and make the tag a condition of creating new ones.",
    )


def _split(record: object) -> str:
    return f" ({record.quote})" if isinstance(record, Measured) and record.quote else ""
