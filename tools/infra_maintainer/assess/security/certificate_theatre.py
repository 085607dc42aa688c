"""Theatre: a compliance certificate beside measured faults."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Known
from infra_maintainer.assess.model import Finding, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

BAD_IF_TRUE = ("tls.version.1_0", "tls.version.1_1", "ssh.login.password", "kernel.outdated", "privilege.socket.open")
BAD_IF_FALSE = ("tls.version.1_3", "tls.certificate.trusted", "storage.encrypted")
BAD_IF_ANY = (
    "secrets.processes",
    "secrets.command_lines",
    "secrets.units",
    "secrets.files",
    "privilege.accounts.uid0",
    "privilege.sudo.excess",
    "database.access.rules.weak",
    "libraries.replaced.in_use",
)


@check(
    title="certificates without security",
    quantities=("compliance.certificate",),
    policies=("security.patch.age", "security.tls.minimum"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A certificate never counts as evidence; beside a measured fault it is named with both."""
    faults = list(_faults(facts, policy))
    for claim in facts.all("compliance.certificate"):
        if faults:
            yield Finding(
                code="theatre_certificate",
                subject=claim.subject,
                severity="medium",
                says=f"claim: certified; reality: {len(faults)} measured faults against the baseline",
                matters="A certificate is believed in place of looking; the faults stay.",
                do="Mend the faults; then the certificate says something.",
                evidence=[claim.id, *(each.id for each in faults[:10])],
                policy="security.tls.minimum",
            )
        else:
            yield Unknown(
                code="theatre_certificate",
                subject=claim.subject,
                quantity="compliance.certificate",
                says="A declared certificate is no evidence; the measured items decide.",
                why="not_supported",
                how="see the other items of this report",
                could_be="low",
                evidence=[claim.id],
            )


def _faults(facts: Facts, policy: Policy) -> Iterator[Known]:
    for quantity in BAD_IF_TRUE:
        yield from (each for each in facts.all(quantity) if each.value is True)
    for quantity in BAD_IF_FALSE:
        yield from (each for each in facts.all(quantity) if each.value is False)
    for quantity in BAD_IF_ANY:
        yield from (each.record for each in facts.numbers(quantity) if each.value > 0)
    for number in facts.numbers("patch.security.age"):
        if policy["security.patch.age"].exceeded(number.value):
            yield number.record
