"""Does the balancer hide a backend that fails?"""

from collections.abc import Iterator
from itertools import groupby

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy, Threshold
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import above, limit, shown
from infra_maintainer.assess.traffic import name_of, of_how_many

QUANTITY, RULE, CODE = "upstream.errors", "health.upstream.errors", "upstream_failing"
ALIKE = 2  # no share is more than twice another


@check(title="failed attempts at each upstream", quantities=(QUANTITY,), policies=(RULE,))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Attempts, not final answers: a retry elsewhere does not make a backend healthy."""
    outcomes = above(
        facts,
        policy,
        quantity=QUANTITY,
        rules=(RULE,),
        code=CODE,
        what=lambda n: f"{name_of(n.subject)}: {shown(n)} of {of_how_many(n, 'attempt')} failed",
        matters="Users are served by the others only as long as these have room; with the next fault nobody is.",
        do="Take it out on purpose, look at its own log for these requests, and repair it before it goes back.",
        user_facing=True,
    )
    for log, group in groupby(
        sorted(outcomes, key=lambda each: _log(each.subject)), key=lambda each: _log(each.subject)
    ):
        found = list(group)
        failing = [each for each in found if isinstance(each, Finding)]
        ids = {id for each in failing for id in each.evidence}
        shares = sorted((each for each in facts.numbers(QUANTITY) if each.id in ids), key=lambda each: each.value)
        if len(failing) > 1 and len(failing) == len(found) and shares[-1].value <= ALIKE * shares[0].value:
            yield _all_of(log, shares, policy[RULE])
        else:
            yield from found


def _log(subject: str) -> str:
    return subject.split(":")[1]


def _all_of(log: str, shares: list[Number], rule: Threshold) -> Finding:
    """One fault that all of them share is not many faults. `shares` from the least to the most."""
    least, most = shown(shares[0]), shown(shares[-1])
    share = most if least == most else f"{least} to {most}"
    return Finding(
        code=CODE,
        subject=f"traffic:{log}",
        severity=rule.severity,
        says=f"all {len(shares)} upstreams of {log} fail: {share} of the attempts at each (limit {limit(rule)})",
        matters="None can stand in for another: what they share is broken, or the requests themselves are.",
        do="Look for what they share: a database, a network, a release, one bad route.",
        evidence=[each.id for each in shares],
        policy=RULE,
        user_facing=True,
    )
