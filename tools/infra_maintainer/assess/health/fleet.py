"""Which of many hosts and containers are saturated: the worst by name, the others as counts."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import shown

WORDS = {
    "fleet.cpu": "hosts are short of CPU",
    "fleet.memory": "hosts are short of memory",
    "fleet.disk": "hosts have a file system nearly full",
    "fleet.pressure": "hosts let tasks wait for a CPU",
    "fleet.throttled": "containers are stopped by their CPU quota",
    "fleet.container_memory": "containers are near their memory limit",
    "fleet.oom": "containers had a process killed for lack of memory in the last hour",
}


@check(
    title="saturation over all hosts of a metrics server",
    quantities=(*WORDS, *(f"{quantity}.above" for quantity in WORDS)),
    policies=("health.fleet.above",),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """One outcome per signal, whatever the number of hosts."""
    rule = policy["health.fleet.above"]
    for quantity, words in WORDS.items():
        for above in facts.numbers(f"{quantity}.above"):
            name = above.subject.partition(":")[2]
            size = facts.number("fleet.size", f"{above.subject}:{quantity}")
            p95, most = facts.number(quantity, above.subject, "p95"), facts.number(quantity, above.subject, "max")
            spread = [each for each in (p95, most) if each is not None]
            of = f"{int(above.value)} of {int(size.value)}" if size else f"{int(above.value)}"
            says = f"{of} {words} ({name})"
            if p95 is not None and most is not None:
                says += f"; P95 over them {shown(p95)}, highest {shown(most)}"
            ids = [each.id for each in (above, size, *spread) if each is not None]
            if not rule.exceeded(above.value):
                yield Pass(code="fleet_saturated", subject=above.subject, says=says, evidence=ids, policy=rule.id)
                continue
            worst = [n for n in facts.numbers(quantity) if n.subject.startswith(f"node:{name}:")]
            worst.sort(key=lambda each: -each.value)
            named = ", ".join(f"{each.subject.split(':', 2)[2]} {shown(each)}" for each in worst)
            yield Finding(
                code="fleet_saturated",
                subject=above.subject,
                severity=rule.severity,
                says=f"{says}; worst: {named}" if named else says,
                matters="Whoever is served by one of these waits or fails, whatever the average of all hosts says.",
                do="Start with the named ones: see what they do that the others do not.",
                evidence=[*ids, *(each.id for each in worst)],
                policy=rule.id,
            )
