"""The second commonest check: something must be so, or must not, and the rule says which."""

import re
from collections.abc import Callable, Iterator

from infra_maintainer.assess.facts import Facts, Known
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy

NUMBER = re.compile(r"(?<![\w./:-])\d")


def must_be(
    facts: Facts,
    policy: Policy,
    *,
    quantity: str,
    rule: str,
    code: str,
    bad: Callable[[Known], str],
    good: Callable[[Known], str],
    matters: str,
    do: str,
    unknown: str,
) -> Iterator[Finding | Pass | Unknown]:
    """A finding where the value is not the rule's, else a pass; missing becomes Unknown with the rule's severity."""
    decided = policy[rule]
    for record in facts.all(quantity):
        if record.value == decided.value:
            yield Pass(code=code, subject=record.subject, says=good(record), evidence=[record.id], policy=rule)
            continue
        yield Finding(
            code=code,
            subject=record.subject,
            severity=decided.severity,
            says=bad(record),
            matters=matters,
            do=do,
            evidence=[record.id],
            policy=rule,
        )
    yield from facts.unknowns(quantity, code, unknown, decided.severity, policy=rule)


def name(record: Known) -> str:
    """The subject without its kind: `orders` of `backup:orders`."""
    return record.subject.partition(":")[2]


def said(record: Known) -> str:
    """The outside text beside a measurement in brackets, empty without one. It is untrusted and only shown.

    A number in it was measured by nobody, so such a text stays in the evidence.
    """
    quote = getattr(record, "quote", None)
    if not quote:
        return ""
    return " (what was said is in the evidence)" if NUMBER.search(quote) else f' ("{quote}")'
