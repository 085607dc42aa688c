"""Does every port that others can reach speak TLS?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import about, unseen
from infra_maintainer.assess.model import Finding, Pass, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check


@check(title="ports in plain text", quantities=("tls.offered", "tls.redirected"), policies=("security.tls.plain",))
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """A declared port in plain text is a finding unless it is bound to loopback, and so is a listener let in."""
    rule = policy["security.tls.plain"]
    for record in facts.all("tls.offered"):
        reachable, sent_on = (
            facts.one("listener.reachable", record.subject),
            facts.one("tls.redirected", record.subject),
        )
        ids = [each.id for each in (record, reachable, sent_on) if each]
        shared = {"code": "plain_text", "subject": record.subject, "evidence": ids, "policy": rule.id}
        name = about(record.subject)
        if record.value is True:
            yield Pass.model_validate({**shared, "says": f"{name}speaks TLS"})
        elif sent_on and sent_on.value is True:
            yield Pass.model_validate({**shared, "says": f"{name}speaks plain text only to send people on to https"})
        elif reachable is None and record.subject.startswith("listener:"):
            says = f"{name}speaks plain text; whether it can be reached from outside is not known"
            rest = {"quantity": "listener.reachable", "could_be": rule.severity, **_reason(facts, record.subject)}
            yield Unknown.model_validate({**shared, **rest, "says": says})
        elif reachable and reachable.value is False and record.subject.startswith("tls_port:"):
            says = f"{name}speaks plain text, and only to programs on this host: it is bound to loopback"
            yield Pass.model_validate({**shared, "says": says})
        elif reachable is None or reachable.value is True:
            outside = "" if reachable is None else " and is reachable from outside"
            yield Finding.model_validate(
                {
                    **shared,
                    "severity": rule.severity,
                    "says": f"{name}speaks plain text{outside}",
                    "matters": "Passwords and data on this connection can be read and changed by anybody on the way.",
                    "do": "Switch TLS on, or bind it to loopback when only this host uses it.",
                }
            )
    yield from facts.unknowns("tls.offered", "plain_text", unseen("tls.offered"), rule.severity, policy=rule.id)


def _reason(facts: Facts, listener: str) -> dict[str, str]:
    """Why it is not known whether a socket can be reached, and the step that would tell."""
    missing = facts.missing("listener.reachable", listener)
    if missing:
        return {"why": missing[0].why, "detail": missing[0].detail, "how": missing[0].how}
    return {"why": "no_data", "how": "look at the port from another host"}
