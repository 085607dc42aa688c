"""Theatre: rights that are broad because narrow ones were work."""

from collections.abc import Iterator

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.faults import about, expected, none_of
from infra_maintainer.assess.model import Finding
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.registry import Outcome, check

COUNTS = (
    (
        "privilege.accounts.uid0",
        "security.privilege.accounts",
        "extra_root",
        "[account|accounts] besides root [has|have] user id 0",
        "Give each person an account of their own and sudo for what they do.",
    ),
    (
        "privilege.accounts.weak_password",
        "security.privilege.accounts",
        "weak_password",
        "[account|accounts] [has|have] no password or one hashed with MD5 or DES",
        "Lock them (passwd -l) or set a new password.",
    ),
    (
        "privilege.accounts.root_equal",
        "security.privilege.groups",
        "theatre_broad_groups",
        "[membership in a group that is|memberships in groups that are] as good as root",
        "Take out who does not need it; rootless containers need no docker group.",
    ),
    (
        "privilege.files.foreign",
        "security.privilege.files",
        "foreign_privileged_file",
        "[program|programs] with other rights that no package owns",
        "Remove the bit (chmod u-s, setcap -r), or package the program.",
    ),
    (
        "privilege.places.writable",
        "security.privilege.places",
        "writable_place",
        "[place|places] that root runs from [is|are] writable by anybody",
        "chmod o-w them and see who changed them.",
    ),
)
MATTERS = "Whoever takes one such account, file or place has the machine."


@check(
    title="permissions broad for convenience",
    quantities=("privilege.sudo.excess", "privilege.socket.open", *(row[0] for row in COUNTS)),
    policies=("security.privilege.sudo", "security.privilege.socket", *dict.fromkeys(row[1] for row in COUNTS)),
)
def judge(facts: Facts, policy: Policy) -> Iterator[Outcome]:
    """Each excess with its narrowest alternative."""
    for quantity, rule, code, what, do in COUNTS:
        yield from none_of(facts, policy, quantity=quantity, rule=rule, code=code, what=what, matters=MATTERS, do=do)
    sudo = policy["security.privilege.sudo"]
    for record in facts.all("privilege.sudo.rule"):
        yield Finding(
            code="theatre_broad_sudo",
            subject=record.subject,
            severity=sudo.severity,
            says=f"{about(record.subject)}this sudo rule is as good as root; the evidence names whom and in what",
            matters=MATTERS,
            do="Name the exact commands with their arguments, without wildcards, shells or editors; keep the password.",
            evidence=[record.id],
            policy=sudo.id,
        )
    if not facts.all("privilege.sudo.rule"):
        yield from none_of(
            facts,
            policy,
            quantity="privilege.sudo.excess",
            rule=sudo.id,
            code="theatre_broad_sudo",
            what="sudo [rule that is|rules that are] as good as root",
            matters=MATTERS,
            do="Name the exact commands.",
        )
    yield from expected(
        facts,
        policy,
        quantity="privilege.socket.open",
        rule="security.privilege.socket",
        code="container_socket_open",
        good=lambda record: "the container engine's socket is closed to others",
        bad=lambda record: "anybody on this host may use the container engine, which is root",
        matters=MATTERS,
        do="chmod 660 the socket, group docker or podman only.",
    )
