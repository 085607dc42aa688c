"""Do users of each route get answers, and what kind of failure do they get instead?"""

from collections.abc import Iterator

from infra_maintainer.assess import log_time
from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import (
    FEWEST_FAILURES,
    choose,
    name_of,
    of_how_many,
    too_few_to_tell,
    unknown_traffic,
)

RULES = ("health.traffic.errors.down", "health.traffic.errors", "health.traffic.errors.critical")
KINDS = {
    "server_error": "answered 5xx by a server",
    "balancer_error": "failed by the balancer itself",
    "timeout": "timed out",
    "aborted": "broken off by the user",
    "closed": "closed without an answer",
}
MATTERS = "Each of these requests is a person who did not get what they asked for."


@check(
    title="failed requests of real users",
    quantities=("traffic.errors", *(f"traffic.errors.{kind}" for kind in KINDS), *log_time.QUANTITIES),
    policies=RULES,
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The whole traffic and each route: all kinds of failure count, time-outs and users who left included."""
    rules = [policy[each] for each in RULES]
    choice = choose(
        facts.numbers("traffic.errors"), lambda n: rules[-1].exceeded(n.value) and _failed(facts, n) >= FEWEST_FAILURES
    )
    few: list[tuple[Number, str]] = []
    few_ids: list[str] = []
    for number in choice.told:
        kinds = _kinds(facts, number)
        covers, when = log_time.covers(facts, number.subject), log_time.when(facts, number.subject)
        says = f"{name_of(number.subject)}{covers.says}: {shown(number)} of {of_how_many(number, 'request')} failed"
        told = ", ".join(f"{int(each.value)} {KINDS[each.record.quantity.rsplit('.', 1)[-1]]}" for each in kinds)
        ids = [number.id, *(each.id for each in kinds), *covers.evidence]
        mild = _declared_uncritical(facts, number.subject)
        broken = next((rule for rule in (rules[:2] if mild else rules) if rule.exceeded(number.value)), None)
        if broken is not None and _failed(facts, number) < FEWEST_FAILURES:
            few.append((number, says))
            few_ids += ids
            continue
        if broken is None:
            yield Pass(
                code="traffic_errors", subject=number.subject, says=f"{says} (limit {limit(rules[-1])})", evidence=ids,
                policy=rules[-1].id, user_facing=True,
            )  # fmt: skip
            continue
        yield Finding(
            code="traffic_errors",
            subject=number.subject,
            severity="medium" if mild else broken.severity,
            says=f"{says}: {told} (limit {limit(broken)}){when.says}{choice.more(number.subject)}",
            matters=MATTERS,
            do="Take the largest kind first: 5xx is in the server's log, time-outs are in what it waits for.",
            evidence=[*ids, *when.evidence],
            policy=broken.id,
            user_facing=True,
        )
    yield from too_few_to_tell("traffic_errors", "traffic.errors", few, rules[-1], "failures", few_ids)
    yield from unknown_traffic(
        facts,
        "traffic.errors",
        "traffic_errors",
        "Whether real users of {name} get answers (their requests in logs or metrics) is not known.",
    )


def _declared_uncritical(facts: Facts, subject: str) -> bool:
    """Whether the owner said that this traffic is not critical: a broken extra is no outage."""
    said = facts.one("traffic.critical", f"traffic:{subject.split(':')[1]}")
    return said is not None and said.value is False


def _failed(facts: Facts, number: Number) -> float:
    return sum(each.value for each in _kinds(facts, number))


def _kinds(facts: Facts, number: Number) -> list[Number]:
    found = [facts.number(f"traffic.errors.{kind}", number.subject) for kind in KINDS]
    return sorted((each for each in found if each is not None), key=lambda each: -each.value)
