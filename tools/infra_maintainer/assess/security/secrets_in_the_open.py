"""Theatre: secrets in environments, command lines, units and env files."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import none_of
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

PLACES = (
    ("secrets.processes", "secret_in_environment", "[secret|secrets] in the environments of running processes"),
    (
        "secrets.command_lines",
        "secret_on_command_line",
        "[secret|secrets] on command lines, which everybody on the host may read",
    ),
    ("secrets.units", "secret_in_unit", "[secret|secrets] in systemd units and their env files"),
    ("secrets.files", "secret_in_open_file", "[secret|secrets] in files that others may read"),
)
DO = (
    "Hand it over by LoadCredential=, a mounted file with mode 0400 or a secret manager; then replace the secret,"
    " since it has been in the open. Some guides accept injection into the environment at run time;"
    " this baseline does not."
)
MATTERS = "Environments and command lines end up in crash reports, process lists and child processes."


@check(
    title="secrets in the open",
    quantities=(*(row[0] for row in PLACES), "secrets.files.private"),
    policies=("security.secrets.open", "security.secrets.private_files"),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """By place; the evidence `secrets.found` has key, class and length of each, never a value."""
    for quantity, code, what in PLACES:
        yield from none_of(
            facts,
            policy,
            quantity=quantity,
            rule="security.secrets.open",
            code=f"theatre_{code}",
            what=what,
            matters=MATTERS,
            do=DO,
        )
    yield from none_of(
        facts,
        policy,
        quantity="secrets.files.private",
        rule="security.secrets.private_files",
        code="secret_in_private_file",
        what="[secret|secrets] in files that only their owner may read",
        matters="It is in the backups, and stays there when the person leaves.",
        do="Move it to a secret manager when you next replace it.",
    )
