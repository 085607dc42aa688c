"""Money that should be spent, before any that could be saved: standbys, copies, room."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.estate.judged import judge_estate
from infra_maintainer.evidence.show import show


@check(
    title="what should be spent",
    quantities=("resource.guard.standby", "resource.backup_retention", "resource.cpu", "resource.zones_served"),
    policies=("costs.backup_retention.days", "costs.resize.limit"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A finding per missing standby, short backup, full machine and lone gateway, with the price of mending it."""
    for each in judge_estate(facts.evidence, lambda rule: policy[rule].number).reverse:
        price = "" if each.price is None else f" Price: about {show(each.price, each.currency or '1')} a month."
        yield Finding(
            code=each.code,
            subject=each.resource,
            severity=each.severity,
            says=f"{each.resource.removeprefix('resource:')}: {each.says}",
            matters=each.matters,
            do=each.do + price,
            evidence=each.evidence,
            policy="costs.backup_retention.days" if each.code == "short_backups" else "costs.resize.limit",
        )
