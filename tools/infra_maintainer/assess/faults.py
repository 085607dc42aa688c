"""Two common checks: a yes or no that should be the rule's, and a count of faults that should be zero."""

from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Known
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.threshold import shown
from infra_maintainer.evidence.show import counted
from infra_maintainer.evidence.vocabulary import meaning_of


def about(subject: str) -> str:
    """The subject's own name before a sentence, or nothing when it is the host that the whole report is about."""
    kind, _, name = subject.partition(":")
    return "" if kind == "host" else f"{name}: "


Outcome = Finding | Pass | Unknown


def unseen(quantity: str) -> str:
    """The sentence of a quantity that is not known, in the vocabulary's own words; `{name}` becomes the subject's."""
    return f"Not known of {{name}}: {meaning_of(quantity)}."


def expected(
    facts: Facts,
    policy: Policy,
    *,
    quantity: str,
    rule: str,
    code: str,
    good: Callable[[Known], str],
    bad: Callable[[Known], str],
    matters: str,
    do: str,
    user_facing: bool = False,
) -> Iterator[Outcome]:
    """A pass where the boolean equals the rule's value, a finding where it does not, an unknown where it is missing."""
    decides = policy[rule]
    for record in facts.all(quantity):
        if record.value == decides.value:
            yield Pass(
                code=code,
                subject=record.subject,
                says=about(record.subject) + good(record),
                evidence=[record.id],
                policy=rule,
                user_facing=user_facing,
            )
            continue
        yield Finding(
            code=code,
            subject=record.subject,
            severity=decides.severity,
            says=about(record.subject) + bad(record),
            matters=matters,
            do=do,
            evidence=[record.id],
            policy=rule,
            user_facing=user_facing,
        )
    says = unseen(quantity)
    yield from facts.unknowns(quantity, code, says, decides.severity, policy=rule, user_facing=user_facing)


def none_of(
    facts: Facts,
    policy: Policy,
    *,
    quantity: str,
    rule: str,
    code: str,
    what: str,
    matters: str,
    do: str,
) -> Iterator[Outcome]:
    """A count of faults against its rule: nothing counted over something looked at is a pass."""
    decides = policy[rule]
    for number in facts.numbers(quantity):
        says = f"{about(number.subject)}{shown(number)} {counted(number.value, what)}"
        shared = {"code": code, "subject": number.subject, "evidence": [number.id], "policy": rule}
        if not decides.exceeded(number.value):
            yield Pass.model_validate({**shared, "says": says})
            continue
        yield Finding.model_validate(
            {
                **shared,
                "severity": decides.severity,
                "says": f"{says}; the evidence names {counted(number.value, '[it|them]')}",
                "matters": matters,
                "do": do,
            }
        )
    yield from facts.unknowns(quantity, code, unseen(quantity), decides.severity, policy=rule)
