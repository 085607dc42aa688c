"""Do retries hide failures from the error rate?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import FEWEST_FAILURES, choose, name_of, of_how_many, samples, too_few_to_tell


@check(title="failures hidden by retries", quantities=("traffic.retries.hidden",), policies=("health.traffic.retries",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Requests that ended well only after an attempt at an upstream had failed."""
    rule = policy["health.traffic.retries"]
    choice = choose(facts.numbers("traffic.retries.hidden"), lambda n: rule.exceeded(n.value) and not _few(n))
    few: list[tuple[Number, str]] = []
    for number in choice.told:
        says = (
            f"{name_of(number.subject)}: retries hide failures in {shown(number)} of {of_how_many(number, 'request')}"
        )
        if rule.exceeded(number.value) and _few(number):
            few.append((number, says))
            continue
        if not rule.exceeded(number.value):
            yield Pass(
                code="retries_hide_failures",
                subject=number.subject,
                says=f"{says} (limit {limit(rule)})",
                evidence=[number.id],
                policy=rule.id,
                user_facing=True,
            )
            continue
        yield Finding(
            code="retries_hide_failures",
            subject=number.subject,
            severity=rule.severity,
            says=f"{says} (limit {limit(rule)}){choice.more(number.subject)}",
            matters="Users wait for two attempts instead of one, and the next fault finds no spare capacity left.",
            do="Count attempts and not only final answers, repair the upstream that fails first, and cap the retries.",
            evidence=[number.id],
            policy=rule.id,
            user_facing=True,
        )
    ids = [number.id for number, _ in few]
    yield from too_few_to_tell("retries_hide_failures", "traffic.retries.hidden", few, rule, "hidden failures", ids)


def _few(share: Number) -> bool:
    n = samples(share)
    return n > 0 and round(n * share.value / 100) < FEWEST_FAILURES
