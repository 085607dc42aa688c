"""Will each certificate verify, today and next month?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts, Number
from infra_maintainer.assess.faults import about, expected
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown


def says_of(days: Number) -> str:
    """When the certificate ends, in words."""
    return "the certificate has ended" if days.value < 0 else f"the certificate ends in {shown(days)}"


RULES = ("security.certificate.days.critical", "security.certificate.days")


@check(
    title="certificates of TLS ports",
    quantities=("tls.certificate.trusted", "tls.certificate.days_left"),
    policies=("security.certificate.trusted", *RULES),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Chain and name by a verifying client; days left against the floor."""
    yield from expected(
        facts,
        policy,
        quantity="tls.certificate.trusted",
        rule="security.certificate.trusted",
        code="certificate_untrusted",
        good=lambda record: "a verifying client accepts the chain and the name",
        bad=lambda record: "a verifying client refuses the certificate; the evidence has OpenSSL's reason",
        matters="Clients that check refuse the connection; people learn to click the warning away.",
        do="Install a certificate for this name with its whole chain.",
        user_facing=True,
    )
    ordered = [policy[each] for each in RULES]
    for days in facts.numbers("tls.certificate.days_left"):
        broken = next((rule for rule in ordered if rule.undercut(days.value)), None)
        says = about(days.subject) + says_of(days)
        if broken is None:
            yield Pass(
                code="certificate_ending",
                subject=days.subject,
                says=f"{says} (floor {limit(ordered[-1])})",
                evidence=[days.id],
                policy=ordered[-1].id,
                user_facing=True,
            )
            continue
        yield Finding(
            code="certificate_ending",
            subject=days.subject,
            severity=broken.severity,
            says=f"{says} (floor {limit(broken)})",
            matters="On the day it ends every client refuses the connection: an outage with a date.",
            do="Renew it now and find out why the renewal did not run.",
            evidence=[days.id],
            policy=broken.id,
            user_facing=True,
        )
    could = ordered[0].severity
    yield from facts.unknowns("tls.certificate.days_left", "certificate_ending", "No certificate was seen.", could)
