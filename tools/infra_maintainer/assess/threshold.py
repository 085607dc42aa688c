"""The commonest check: a number of some subject against one limit, with a pass and an unknown beside the finding."""

from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.evidence.model import Stat
from infra_maintainer.evidence.show import show
from infra_maintainer.evidence.vocabulary import meaning_of


def shown(number: Number) -> str:
    """A number as people read it, in its record's unit."""
    return show(number.record.value, number.record.unit)


def limit(rule: Threshold) -> str:
    """A rule's limit as people read it."""
    return show(rule.value, rule.unit)


def bound(rule: Threshold) -> str:
    """The same with its side: "limit 80 %", "floor 30 d"."""
    return f"{'floor' if rule.floor else 'limit'} {limit(rule)}"


def above(
    facts: Facts,
    policy: Policy,
    *,
    quantity: str,
    rules: tuple[str, ...],
    code: str,
    what: Callable[[Number], str],
    matters: str,
    do: str,
    stat: Stat | None = None,
    user_facing: bool = False,
    too_low: bool = False,
) -> Iterator[Finding | Pass | Unknown]:
    """A finding where the value is above the first of `rules` (severest first) that it exceeds, else a pass.

    `what` says the thing with its number: "file system / is 87 % full". Missing becomes Unknown with the
    severity it could have. With `too_low` the rules are floors.
    """
    ordered = [policy[each] for each in rules]
    for number in facts.numbers(quantity, stat=stat):
        broken = next((rule for rule in ordered if (rule.undercut if too_low else rule.exceeded)(number.value)), None)
        if broken is None:
            yield Pass(
                code=code,
                subject=number.subject,
                says=f"{what(number)} ({bound(ordered[-1])})",
                evidence=[number.id],
                policy=ordered[-1].id,
                user_facing=user_facing,
            )
            continue
        yield Finding(
            code=code,
            subject=number.subject,
            severity=broken.severity,
            says=f"{what(number)} ({bound(broken)})",
            matters=matters,
            do=do,
            evidence=[number.id],
            policy=broken.id,
            user_facing=user_facing,
        )
    yield from facts.unknowns(
        quantity,
        code,
        f"Not measured of {{name}}: {meaning_of(quantity)}.",
        ordered[0].severity,
        policy=ordered[0].id,
        user_facing=user_facing,
    )
