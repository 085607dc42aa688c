"""Was any money seen at all? Without a bill and without a price nothing about costs is good or bad, it is unknown."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(title="whether a bill or a price was seen", quantities=("bill.rows", "machine.price"))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A bill that cannot be read hides its whole cost; with neither bill nor price there is nothing to judge."""
    for each in facts.missing("bill.rows"):
        if each.why != "not_configured":
            yield Unknown(
                code="bill_not_read", subject=each.subject, quantity=each.quantity, why=each.why, how=each.how,
                says=f"{each.subject} could not be read: {each.detail}", could_be="high", evidence=[each.id],
            )  # fmt: skip
    if not facts.all("bill.rows") and not facts.all("machine.price"):
        yield Unknown(
            code="no_money_seen", subject="system:declared", quantity="bill.rows", why="not_configured",
            says="No bill and no price was seen, so nothing here is about money.",
            how="declare [[bill]] path = … (a FOCUS export), or [machine] price = …", could_be="high",
            evidence=[each.id for each in facts.missing("bill.rows")],
        )  # fmt: skip
