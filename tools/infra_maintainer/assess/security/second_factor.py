"""Does every way in need a second factor?"""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import about, expected, unseen
from infra_maintainer.assess.model import Finding, Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

DO = (
    "AuthenticationMethods publickey,keyboard-interactive with a PAM factor without nullok, or FIDO2 keys with"
    " PubkeyAuthOptions verify-required; name exceptions by Match and keep them few."
)
BAD = {
    "no": "one factor opens this login; the evidence names the ways in",
    "weak": "claim: a second factor is set up; reality: it can be skipped (the evidence says how)",
}


@check(
    title="second factor of every way in",
    quantities=("ssh.login.second_factor", "ssh.login.password", "users.second_factor"),
    policies=("security.mfa", "security.ssh.password"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Any single path is a no. A key's passphrase cannot be seen from the server."""
    rule, password = policy["security.mfa"], policy["security.ssh.password"]
    for record in facts.all("ssh.login.second_factor"):
        shared = {
            "code": "second_factor_missing",
            "subject": record.subject,
            "evidence": [record.id],
            "policy": rule.id,
        }
        if record.value == "yes":
            yield Pass.model_validate(
                {**shared, "says": f"{about(record.subject)}every way in needs two factors, or is closed"}
            )
            continue
        yield Finding.model_validate(
            {
                **shared,
                "severity": rule.severity,
                "says": about(record.subject) + BAD[str(record.value)],
                "matters": "One stolen laptop or one phished password is enough.",
                "do": DO,
            }
        )
    for record in facts.all("ssh.login.password"):
        shared = {"code": "ssh_password", "subject": record.subject, "evidence": [record.id], "policy": password.id}
        if record.value is False:
            yield Pass.model_validate({**shared, "says": f"{about(record.subject)}a password alone does not open it"})
            continue
        yield Finding.model_validate(
            {
                **shared,
                "severity": password.severity,
                "says": f"{about(record.subject)}a password alone opens this login",
                "matters": "Passwords are guessed, reused and phished, all day, by programs.",
                "do": "PasswordAuthentication no, KbdInteractiveAuthentication only with a factor behind it.",
            }
        )
    yield from expected(
        facts,
        policy,
        quantity="users.second_factor",
        rule="security.mfa",
        code="person_without_second_factor",
        good=lambda record: "is asked for a second factor",
        bad=lambda record: "logs in without a second factor",
        matters="One phished password opens the console, and with it everything.",
        do="Enrol a second factor for this person, and refuse console logins without one by policy.",
    )
    for quantity in ("ssh.login.second_factor",):
        yield from facts.unknowns(quantity, "second_factor_missing", unseen(quantity), rule.severity, policy=rule.id)
