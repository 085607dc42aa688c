"""Does everything that is to be watched answer, and what fires?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.traffic import place


@check(
    title="targets and alerts of a metrics server",
    quantities=("metrics.targets.down", "metrics.targets", "metrics.alerts", "metrics.target.down", "metrics.alert"),
    policies=("health.metrics.down", "health.metrics.alerts"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Targets that are down or gone since yesterday, and alerts by name."""
    down_rule, alert_rule = policy["health.metrics.down"], policy["health.metrics.alerts"]
    for down in facts.numbers("metrics.targets.down"):
        name = down.subject.partition(":")[2]
        every = facts.number("metrics.targets", down.subject)
        gone = facts.number("metrics.targets.vanished", down.subject)
        named = [e for e in facts.all("metrics.target.down") if e.subject.startswith(f"target:{name}:")]
        ids = [each.id for each in (down, every, gone) if each is not None] + [each.id for each in named]
        says = f"{place(down.subject)}: {int(down.value)} targets do not answer"
        if every is not None:
            says += f" of {int(every.value)}"
        if gone is not None and gone.value:
            says += f", {int(gone.value)} of yesterday are gone"
        if down.value == 0 and not (gone and gone.value):
            yield Pass(code="targets_down", subject=down.subject, says=says, evidence=ids, policy=down_rule.id)
            continue
        told = ", ".join(str(each.value) for each in named)
        yield Finding(
            code="targets_down",
            subject=down.subject,
            severity=down_rule.severity,
            says=f"{says}: {told}" if told else says,
            matters="A target without an answer is down, or is not watched: both hide what users meet.",
            do="See whether the host is down; if it was taken away on purpose, take it out of the configuration.",
            evidence=ids,
            policy=down_rule.id,
        )
    for alerts in facts.numbers("metrics.alerts"):
        name = alerts.subject.partition(":")[2]
        fired = [e for e in facts.all("metrics.alert") if e.subject.startswith(f"alert:{name}:")]
        says = f"{place(alerts.subject)}: {int(alerts.value)} alerts fire"
        ids = [alerts.id, *(each.id for each in fired)]
        if not alert_rule.exceeded(alerts.value):
            yield Pass(code="alerts_firing", subject=alerts.subject, says=says, evidence=ids, policy=alert_rule.id)
            continue
        told = ", ".join(each.subject.split(":", 2)[2] for each in fired)
        yield Finding(
            code="alerts_firing",
            subject=alerts.subject,
            severity=alert_rule.severity,
            says=f"{says}: {told}",
            matters="Each was made to be acted on; one that is not trains people to ignore the next.",
            do="Act on each, or take away the rule that nobody acts on.",
            evidence=ids,
            policy=alert_rule.id,
        )
    yield from facts.unknowns("metrics.targets", "targets_down", "What {name} watches is not known.", "high")
