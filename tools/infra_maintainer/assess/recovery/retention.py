"""Do the copies go back as far as promised?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.yes_no import name


@check(title="retention actually held", quantities=("backup.held",), policies=("recovery.retention",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The oldest finished copy decides, not the configured rule."""
    rule = policy["recovery.retention"]
    for held in facts.numbers("backup.held"):
        target = facts.number("backup.retention.target", held.subject)
        if target is None:
            continue
        says = f"The copies of {name(held.record)!r} go back {shown(held)}, the target is {shown(target)}."
        evidence = [held.id, target.id]
        if not rule.undercut(held.value / target.value * 100):
            yield Pass(code="retention_short", subject=held.subject, says=says, evidence=evidence, policy=rule.id)
            continue
        yield Finding(
            code="retention_short",
            subject=held.subject,
            severity=rule.severity,
            says=says,
            matters="What is noticed late (a wrong delete, a slow corruption) cannot be undone.",
            do="See whether the repository is younger than that, or whether copies are removed too early.",
            evidence=evidence,
            policy=rule.id,
        )
