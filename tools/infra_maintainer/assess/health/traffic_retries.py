"""Do retries hide failures from the error rate?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import choose, name_of, of_how_many


@check(title="failures hidden by retries", quantities=("traffic.retries.hidden",), policies=("health.traffic.retries",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Requests that ended well only after an attempt at an upstream had failed."""
    rule = policy["health.traffic.retries"]
    choice = choose(facts.numbers("traffic.retries.hidden"), lambda n: rule.exceeded(n.value))
    for number in choice.told:
        says = (
            f"{name_of(number.subject)}: retries hide failures in {shown(number)} of {of_how_many(number, 'request')}"
        )
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
