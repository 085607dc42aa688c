"""Is there an index that no query can use?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.traffic import place


@check(title="indexes that cannot be used", quantities=("db.index.invalid",), policies=("health.db.index.valid",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One finding per invalid index; silence where all are valid."""
    rule = policy["health.db.index.valid"]
    for each in facts.all("db.index.invalid"):
        yield Finding(
            code="index_invalid",
            subject=each.subject,
            severity=rule.severity,
            says=f"{place(each.subject)} is invalid: its build failed, no query uses it, every write pays for it",
            matters="Queries that it was made for read the whole table.",
            do="REINDEX INDEX CONCURRENTLY, or drop it and build it again.",
            evidence=[each.id],
            policy=rule.id,
        )
