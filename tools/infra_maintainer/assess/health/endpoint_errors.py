"""Do requests to each address succeed?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown
from infra_maintainer.assess.traffic import asked_from, of_how_many
from infra_maintainer.evidence.model import Measured

NOBODY = "nothing listens on port "
RULES = ("health.endpoint.errors.all", "health.endpoint.errors")
IN_WORDS = {
    "connect": "connection refused",
    "dns": "name not resolved",
    "protocol": "answer is not HTTP",
    "redirects": "redirect loop",
    "reset": "connection reset",
    "status": "error status",
    "timeout": "no complete answer before the time limit",
    "tls": "TLS handshake failed",
    "too_large": "answer never ended",
}


@check(
    title="requests to each address succeed (synthetic)",
    quantities=("endpoint.errors", "endpoint.time_limit"),
    policies=RULES,
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The share of failed requests against the policy, with the kinds of failure."""
    ordered = [policy[each] for each in RULES]
    for failed in facts.numbers("endpoint.errors"):
        says, ids = _says(facts, failed)
        broken = next((rule for rule in ordered if rule.exceeded(failed.value)), None)
        if broken is None:
            yield Pass(
                code="endpoint_failing",
                subject=failed.subject,
                says=f"{says}; limit {limit(ordered[-1])}",
                evidence=ids,
                policy=ordered[-1].id,
                user_facing=True,
            )
            continue
        yield Finding(
            code="endpoint_failing",
            subject=failed.subject,
            severity=broken.severity,
            says=f"{says}; limit {limit(ordered[-1])}",
            matters="Each failed request is a user who got an error or gave up.",
            do=_next(failed),
            evidence=ids,
            policy=broken.id,
            user_facing=True,
        )
    yield from facts.unknowns(
        "endpoint.errors",
        "endpoint_failing",
        "Whether requests to {name} succeed was not probed.",
        "critical",
        policy=RULES[0],
        user_facing=True,
    )


def _next(failed: Number) -> str:
    """A log tells nothing of requests that no program took."""
    said = (failed.record.quote or "") if isinstance(failed.record, Measured) else ""
    if not said.startswith(NOBODY):
        return "Repeat one request by hand, then read the service's log of the same minute."
    return f"{said[0].upper()}{said[1:]}: start it, or correct the address."


def _says(facts: Facts, failed: Number) -> tuple[str, list[str]]:
    """The sentence with the kinds of failure, and the evidence behind it."""
    kinds = [(kind, count) for kind in IN_WORDS for count in facts.numbers(f"endpoint.errors.{kind}", failed.subject)]
    given = facts.number("endpoint.time_limit", failed.subject)
    words = IN_WORDS if given is None else {**IN_WORDS, "timeout": f"no complete answer within {shown(given)}"}
    why = ", ".join(f"{shown(count)} x {words[kind]}" for kind, count in kinds)
    ids = [failed.id, *(count.id for _, count in kinds), *([given.id] if given else [])]
    address = failed.subject.removeprefix("endpoint:")
    says = f"{address}: {shown(failed)} of {of_how_many(failed, 'request')} failed"
    place = f" ({asked_from(failed)})"
    return (f"{says}: {why}" if why else says) + place, ids
