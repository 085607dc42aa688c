"""Which factors each declared ssh login needs, by the server's own effective settings and the PAM stack behind them."""

from collections.abc import Iterator
from functools import partial

from infra_maintainer.sources.baseline.second_factor import judge_login, pam_stack, parse_effective
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.security import SshLogin
from infra_maintainer.world.failure import WorldError

# An address of documentation networks stands for "somewhere outside", one of a private network for inside.
_DEFAULT = SshLogin(user="root", addresses=["203.0.113.9", "10.0.0.1"])


def _logins(survey: Survey) -> list[tuple[str, str, str]]:
    declared = survey.system.security.ssh_login or [_DEFAULT]
    return [(f"login:{each.user}@{address}", each.user, address) for each in declared for address in each.addresses]


def _listens(survey: Survey, settings: dict[str, str]) -> bool:
    ports = [
        each["port"]
        for each in survey.once("listeners", lambda: survey.world.host.snapshot("listeners"))
        if each["protocol"] == "tcp"
    ]
    return int(settings.get("port", "22")) in ports


def _read_pam(survey: Survey, name: str) -> str | None:
    try:
        return survey.world.host.read(f"/etc/pam.d/{name.rsplit('/', 1)[-1]}")
    except WorldError:
        return None


@source(
    title="second factor of ssh logins",
    jobs=("security",),
    quantities=("ssh.login.second_factor", "ssh.login.password"),
    subjects=lambda survey: [subject for subject, _, _ in _logins(survey)],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Ask `sshd -T -C` per user and address, so that Match blocks count; then follow PAM. Root if none is declared."""
    stack = pam_stack("sshd", partial(_read_pam, survey))
    origin = "sshd -T -C user,host,addr and /etc/pam.d/sshd"
    for subject, user, address in _logins(survey):
        try:
            text = str(survey.world.host.snapshot("sshd_effective", f"user={user},host={address},addr={address}"))
        except WorldError as error:
            for quantity in ("ssh.login.second_factor", "ssh.login.password"):
                yield survey.missing(quantity, error.why, error.detail, error.how, subject=subject, source=origin)
            continue
        settings = parse_effective(text)
        if not survey.system.security.ssh_login and not _listens(survey, settings):
            for quantity in ("ssh.login.second_factor", "ssh.login.password"):
                says = f"no ssh server listens on port {settings.get('port', '22')}"
                yield survey.missing(quantity, "not_supported", says, "nothing to do", subject=subject, source=origin)
            continue
        login = judge_login(settings, stack, user)
        if login.second_factor == "unknown":
            how = f"read the configuration of {', '.join(stack.opaque or stack.unread)}"
            yield survey.missing("ssh.login.second_factor", "no_data", login.why, how, subject=subject, source=origin)
        else:
            yield survey.measured(
                "ssh.login.second_factor", login.second_factor, subject=subject, source=origin, quote=login.why
            )
        alone = "password" in login.single_paths or "keyboard-interactive" in login.single_paths
        yield survey.measured("ssh.login.password", alone, subject=subject, source=origin)
