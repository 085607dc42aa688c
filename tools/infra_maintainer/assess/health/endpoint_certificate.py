"""Will the certificate of each address still be good next month?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check
from infra_maintainer.assess.threshold import limit, shown

RULES = ("health.certificate.days.critical", "health.certificate.days")
MATTERS = "On the day it ends every browser refuses the site: a full outage with a date."


@check(
    title="certificate of each address",
    quantities=("endpoint.certificate.trusted", "endpoint.certificate.days_left"),
    policies=("health.certificate.trusted", *RULES),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """An untrusted certificate is an outage now; one about to end is an outage with a date."""
    for record in facts.all("endpoint.certificate.trusted"):
        if record.value is False:
            rule = policy["health.certificate.trusted"]
            yield Finding(
                code="certificate_untrusted",
                subject=record.subject,
                severity=rule.severity,
                policy=rule.id,
                says=f"The certificate of {record.subject.removeprefix('endpoint:')} does not verify.",
                matters="Browsers show a warning instead of the site.",
                evidence=[record.id],
                user_facing=True,
                do="Install a certificate for this name with its whole chain; the reason is in the evidence.",
            )
    ordered = [policy[each] for each in RULES]
    for days in facts.numbers("endpoint.certificate.days_left"):
        broken = next((rule for rule in ordered if rule.undercut(days.value)), None)
        says = f"The certificate of {days.subject.removeprefix('endpoint:')} ends in {shown(days)}"
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
            policy=broken.id,
            says=f"{says} (floor {limit(broken)})",
            matters=MATTERS,
            evidence=[days.id],
            user_facing=True,
            do="Renew it now, and find out why the renewal did not run.",
        )
