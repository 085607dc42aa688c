"""What is waste, what only looks like it, and what nobody can tell: every resource by every rule of the catalogue."""

from collections.abc import Iterator

from infra_maintainer.assess.costs_words import outcome
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.estate.judged import judge_estate

POLICIES = (
    "costs.address.days", "costs.idle.cpu", "costs.idle.disk_operations", "costs.idle.network", "costs.image.days",
    "costs.resize.growth", "costs.resize.limit", "costs.saving.floor", "costs.stopped.days", "costs.unattached.days",
    "costs.window.days",
)  # fmt: skip


@check(
    title="waste that is not redundancy, peak, recovery or hold",
    quantities=("resource.kind", "resource.cost"),
    policies=POLICIES,
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A finding per proven waste and per owner's question, a pass per protected thing with what it buys."""
    estate = judge_estate(facts.evidence, lambda rule: policy[rule].number)
    for verdict in estate.verdicts:
        if verdict.verdict != "in_use":
            yield outcome(verdict, facts, policy)
