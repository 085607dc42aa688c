"""Is it back in time? Observed drills beside the target; the target is never shown as a result."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown
from infra_maintainer.assess.yes_no import name

NOT_INCLUDED = "detection, decision, hardware, names and cut-over are not included"


@check(title="recovery time against the target", quantities=("drill.observed",), policies=("recovery.rto",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The slowest drill counts. A target that was never tested is unknown, however modest it is."""
    rule = policy["recovery.rto"]
    for target in facts.numbers("backup.rto.target"):
        slowest = facts.number("drill.observed", target.subject, "max")
        if slowest is None:
            yield Unknown(
                code="rto_untested",
                subject=target.subject,
                says=f"How long {name(target.record)!r} takes to come back was never measured; a target is no result.",
                evidence=[target.id],
                policy=rule.id,
                quantity="drill.observed",
                why="no_data",
                how=f"run a drill: infra-maintainer recovery --drill {name(target.record)}",
                could_be=rule.severity,
            )
            continue
        n = getattr(slowest.record, "n", None) or 1
        says = (
            f"The slowest of {n} successful drills of {name(target.record)!r} took {shown(slowest)} for the data part "
            f"({NOT_INCLUDED}); the target for the whole is {shown(target)}."
        )
        evidence = [slowest.id, target.id]
        if not rule.exceeded(slowest.value / target.value * 100):
            yield Pass(code="rto_missed", subject=target.subject, says=says, evidence=evidence, policy=rule.id)
            continue
        yield Finding(
            code="rto_missed",
            subject=target.subject,
            severity=rule.severity,
            says=says,
            matters="Users wait longer than they were promised, before anyone has decided anything.",
            do="Restore from nearer or faster storage, restore in parallel, or promise what was measured.",
            evidence=evidence,
            policy=rule.id,
        )
