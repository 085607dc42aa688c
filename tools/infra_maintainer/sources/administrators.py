"""Who may become root: sudo rules, accounts with user id 0, groups as good as root, passwords too weak to count."""

from collections.abc import Callable, Iterator

from infra_maintainer.sources.baseline.accounts import extra_roots, root_equal_members, weak_passwords
from infra_maintainer.sources.baseline.sudoers import read_sudoers
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

_SOCKETS = ("/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock")


@source(
    title="who may become root",
    jobs=("security",),
    quantities=(
        "viewer.uid",
        "privilege.accounts.uid0",
        "privilege.accounts.root_equal",
        "privilege.accounts.weak_password",
        "privilege.sudo.excess",
    ),
    also=("privilege.sudo.rule", "privilege.socket.open"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each question stands alone: a file that may not be read costs only its own answer."""
    host = survey.world.host
    for quantity, ask in (
        ("viewer.uid", lambda: [survey.measured("viewer.uid", host.snapshot("identity")["euid"], source="geteuid(2)")]),
        ("privilege.accounts.uid0", lambda: _names(survey, "uid0", "/etc/passwd", extra_roots)),
        ("privilege.accounts.root_equal", lambda: _names(survey, "root_equal", "/etc/group", _members)),
        ("privilege.accounts.weak_password", lambda: _names(survey, "weak_password", "/etc/shadow", weak_passwords)),
        ("privilege.sudo.excess", lambda: _sudo(survey)),
        ("privilege.socket.open", lambda: _sockets(survey)),
    ):
        try:
            yield from ask()
        except WorldError as error:
            yield survey.missing(quantity, error.why, error.detail, error.how, source="accounts and sudo")


def _members(group: str) -> list[str]:
    return [f"{member.user} in {member.group}" for member in root_equal_members(group)]


def _names(survey: Survey, name: str, path: str, judge: Callable[[str], list[str]]) -> Iterator[AnyEvidence]:
    text = survey.world.host.read(path)
    if not text.strip():
        raise WorldError("no_data", f"{path} is empty", f"look at {path}")
    found = judge(text)
    quote = ", ".join(found) or None
    yield survey.measured(f"privilege.accounts.{name}", len(found), source=path, quote=quote)


def _sudo(survey: Survey) -> Iterator[AnyEvidence]:
    refused: list[WorldError] = []

    def read(path: str) -> str | None:
        try:
            return survey.world.host.read(path)
        except WorldError as error:
            refused.append(error)
            return None

    def names_in(path: str) -> list[str] | None:
        try:
            return survey.world.host.list(path)
        except WorldError as error:
            refused.append(error)
            return None

    reading = read_sudoers(read, names_in)
    if not reading.files:
        raise refused[0]
    for each in reading.excess:
        subject = f"sudo_rule:{each.file}:{each.line}"
        says = f"{each.who}: {each.kind}"
        yield survey.measured("privilege.sudo.rule", each.kind, subject=subject, source=each.file, quote=says)
    if reading.unread:
        first = refused[0]
        detail = f"could not read {', '.join(reading.unread)}"
        yield survey.missing("privilege.sudo.excess", first.why, detail, first.how, source="sudoers")
    else:
        yield survey.measured("privilege.sudo.excess", len(reading.excess), n=reading.files, source="/etc/sudoers")


def _sockets(survey: Survey) -> Iterator[AnyEvidence]:
    for path in _SOCKETS:
        try:
            about = survey.world.host.snapshot("stat", path)
        except WorldError as error:
            if error.why in ("not_supported", "not_recorded"):
                continue
            raise
        is_open = bool(about["mode"] & 0o006)
        mode = f"mode {about['mode']:o}"
        yield survey.measured("privilege.socket.open", is_open, subject=f"socket:{path}", source="lstat(2)", quote=mode)
