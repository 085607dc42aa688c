"""What would let this process see what it was refused: for whom sees as root already, "run as root" is no step."""

from typing import Any, Literal, NamedTuple

from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

Capability = Literal["CAP_DAC_READ_SEARCH", "CAP_NET_ADMIN", "CAP_SYS_PTRACE"]
CLOSED = "closed even to root, by the kernel or a namespace"
_ELSEWHERE: dict[Capability, str] = {
    "CAP_DAC_READ_SEARCH": "look as the account that mounted it, or where the files lie: FUSE and NFS may refuse root",
    "CAP_NET_ADMIN": "look from outside this container or namespace, on the machine that runs it",
    "CAP_SYS_PTRACE": "look from outside this container or namespace, on the machine that runs it; a security module"
    " (AppArmor, SELinux) may refuse root too",
}


class Sight(NamedTuple):
    """Whether more rights would not help, and the step that would."""

    closed: bool
    how: str

    def told(self, detail: str) -> str:
        """What was refused, with that it is closed to root too where it is."""
        return f"{detail}: {CLOSED}" if self.closed else detail


def sight(survey: Survey, capability: Capability) -> Sight:
    """What this process, refused something that the capability opens, would need. A recording may not know it."""
    try:
        me: dict[str, Any] = survey.once("identity", lambda: survey.world.host.snapshot("identity"))
    except WorldError:
        me = {"euid": None}
    held: list[str] | None = me.get("capabilities")
    is_root = me["euid"] == 0
    if capability in held if held is not None else is_root:
        return Sight(True, _ELSEWHERE[capability])
    if is_root:
        return Sight(False, f"give this process {capability}: it is root without it, as in most containers")
    return Sight(False, f"run as root or with {capability}")
