"""Sources of ours that ended before they had told everything: what they left out may be the worst there is."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Unknown

CODE = "source_broke_off"
REST = "source.rest"


def broken_off(facts: Facts) -> Iterator[Unknown]:
    """One unknown per source, whatever it delivered before: its evidence stays, its silence is no pass."""
    for each in facts.missing(REST):
        name = each.subject.partition(":")[2]
        ours = each.why == "our_bug"
        by = "by a fault of infra-maintainer" if ours else "when the time was over"
        yield Unknown(
            code=CODE,
            subject=each.subject,
            says=f"The source {name} broke off {by}: what it had left to tell is not known.",
            evidence=[each.id],
            quantity=REST,
            why=each.why,
            detail=each.detail,
            how=each.how,
            could_be="critical" if ours else "medium",
        )
