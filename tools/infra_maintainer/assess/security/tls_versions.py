"""Does every port that speaks TLS offer 1.3, and nothing old?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import about
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

OLD = ("tls.version.1_0", "tls.version.1_1")
MATTERS = "What users type and read can be read or changed on the way."


@check(
    title="TLS versions, by handshake",
    quantities=("tls.version.1_3", "tls.version.1_2", *OLD),
    policies=("security.tls.minimum", "security.tls.old", "security.tls.strict"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """The highest rule decides; both bars are said: modern (1.3 offered, nothing below 1.2), strict (1.3 only)."""
    for offered in facts.all("tls.offered"):
        if offered.value is not True:
            continue
        port = offered.subject
        newest, middle = facts.one("tls.version.1_3", port), facts.one("tls.version.1_2", port)
        old = [each for quantity in OLD for each in facts.all(quantity, port)]
        if any(each.value is True for each in old):
            yield _finding(
                policy,
                "security.tls.old",
                port,
                "tls_old_version",
                "TLS below 1.2 is accepted; both bars fail",
                "Allow only TLS 1.3 and, for old clients, 1.2 in the server's settings.",
                [e.id for e in old],
            )
        if newest and newest.value is False:
            yield _finding(
                policy,
                "security.tls.minimum",
                port,
                "tls_13_not_offered",
                "TLS 1.3 is not offered; both bars fail",
                "Allow TLS 1.3 in the server's settings; every library since OpenSSL 1.1.1 has it.",
                [newest.id],
            )
            continue
        if newest is None or middle is None or any(each.value is True for each in old):
            continue
        if middle.value is True:
            yield _finding(
                policy,
                "security.tls.strict",
                port,
                "tls_12_offered",
                "TLS 1.3 is offered, 1.2 too: the modern bar holds, the strict bar (1.3 only) does not",
                "Switch 1.2 off where no client from before about 2018 is left; count them in the access log first.",
                [newest.id, middle.id],
            )
        elif len(old) == len(OLD):
            ids = [newest.id, middle.id, *(each.id for each in old)]
            yield Pass(
                code="tls_13_only",
                subject=port,
                says=f"{about(port)}TLS 1.3 only: both bars hold",
                evidence=ids,
                policy="security.tls.strict",
                user_facing=True,
            )
    for quantity in ("tls.version.1_3", *OLD):
        says = "This TLS version could not be asked for."
        could = (
            policy["security.tls.minimum"].severity
            if quantity == "tls.version.1_3"
            else policy["security.tls.old"].severity
        )
        yield from facts.unknowns(quantity, "tls_version_unknown", says, could, user_facing=True)


def _finding(policy: Policy, rule: str, port: str, code: str, says: str, do: str, ids: list[str]) -> Finding:
    return Finding(
        code=code,
        subject=port,
        severity=policy[rule].severity,
        says=about(port) + says,
        matters=MATTERS,
        do=do,
        evidence=ids,
        policy=rule,
        user_facing=True,
    )
