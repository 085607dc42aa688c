"""Does a replication slot keep the log until the disk is full, or has it lost what its reader needs?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import place


@check(
    title="log kept for replication slots",
    quantities=("db.slot.retained", "db.slot.active", "db.slot.status"),
    policies=("health.db.slot.lost", "health.db.slot.retained", "health.db.slot.abandoned"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """An abandoned slot is told at a tenth of what is too much for one that is read."""
    lost, most, abandoned = (policy[f"health.db.slot.{each}"] for each in ("lost", "retained", "abandoned"))
    for status in facts.all("db.slot.status"):
        if status.value == "lost":
            yield Finding(
                code="slot_lost",
                subject=status.subject,
                severity=lost.severity,
                says=f"{place(status.subject)}: the server has removed log that its reader still needs",
                matters="The replica or subscriber behind it can never catch up; whoever reads there sees old data.",
                do="Drop the slot and build its reader again; then see why it was away so long.",
                evidence=[status.id],
                policy=lost.id,
            )
    for kept in facts.numbers("db.slot.retained"):
        active = facts.one("db.slot.active", kept.subject)
        idle = active is not None and active.value is False
        rule = abandoned if idle and not most.exceeded(kept.value) else most
        says = f"{place(kept.subject)}: {shown(kept)} of log are kept for it"
        says += f"{', and nobody reads from it' if idle else ''} (limit {limit(rule)})"
        ids = [kept.id, *([active.id] if active else [])]
        if not rule.exceeded(kept.value):
            yield Pass(code="slot_retains_log", subject=kept.subject, says=says, evidence=ids, policy=rule.id)
            continue
        yield Finding(
            code="slot_retains_log",
            subject=kept.subject,
            severity=rule.severity,
            says=says,
            matters="The log fills the disk, and a full disk stops the database.",
            do="Bring its reader back, or drop the slot when nobody will read it again.",
            evidence=ids,
            policy=rule.id,
        )
    says = "How much log is kept for slots of {name} is not known."
    yield from facts.unknowns("db.slot.retained", "slot_retains_log", says, most.severity, policy=most.id)
