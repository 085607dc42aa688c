"""How long do real users wait at the tail of each route?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import choose, name_of, samples, unknown_traffic
from infra_maintainer.evidence.model import Measured, Stat

RULES = ("health.traffic.latency.p99", "health.traffic.latency.p95")
FEWEST = 20


@check(title="waiting time of real users at the tail", quantities=("traffic.latency",), policies=RULES)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """P99 and P95 against the policy. The tail leads; the mean is only named where it would mislead."""
    rules = (policy[RULES[0]], policy[RULES[1]])
    tails = facts.numbers("traffic.latency", stat="p99")
    choice = choose(tails, lambda n: samples(n) >= FEWEST and any(_broken(facts, n.subject, rules)))
    for subject in (each.subject for each in choice.told):
        p50, p95, p99, mean = (facts.number("traffic.latency", subject, stat) for stat in ("p50", "p95", "p99", "mean"))
        if p50 is None or p95 is None or p99 is None or not isinstance(p99.record, Measured):
            continue
        if samples(p99) < FEWEST and not subject.startswith("traffic:"):
            continue
        cut = facts.number("traffic.latency.cut_off", subject)
        least = "at least " if cut is not None and p99.value >= cut.value else ""
        few = ", few samples for a P99" if p99.record.flag else ""
        says = (
            f"{name_of(subject)}: P99 {least}{shown(p99)}, P95 {shown(p95)}, P50 {shown(p50)} "
            f"(n={samples(p99):,}{few}; real users)"
        )
        ids = [each.id for each in (p99, p95, p50, cut) if each is not None]
        broken = next((rule for rule, it in zip(rules, (p99, p95), strict=True) if rule.exceeded(it.value)), None)
        if broken is None:
            yield Pass(
                code="traffic_slow", subject=subject, says=f"{says}; limit P95 {limit(rules[1])}", evidence=ids,
                policy=rules[1].id, user_facing=True,
            )  # fmt: skip
            continue
        if mean is not None and not rules[1].exceeded(mean.value):
            says += f"; the mean of {shown(mean)} hides it"
            ids.append(mean.id)
        yield Finding(
            code="traffic_slow",
            subject=subject,
            severity=broken.severity,
            says=f"{says}; limit {broken.id.rsplit('.', 1)[-1].upper()} {limit(broken)}{choice.more(subject)}",
            matters="The slow tail is met by every active user many times a day, and by the largest accounts most.",
            do="Start with the route that holds the largest share of the waiting time, then with what it waits for.",
            evidence=ids,
            policy=broken.id,
            user_facing=True,
        )
    yield from unknown_traffic(
        facts,
        "traffic.latency",
        "traffic_slow",
        "How long real users of {name} wait (their requests in logs or metrics) is not known.",
    )


def _broken(facts: Facts, subject: str, rules: tuple[Threshold, ...]) -> Iterator[bool]:
    stats: tuple[Stat, Stat] = ("p99", "p95")
    for rule, stat in zip(rules, stats, strict=True):
        number = facts.number("traffic.latency", subject, stat)
        yield number is not None and rule.exceeded(number.value)
