"""What sshd would really do for one user from one address: its own answer, `sshd -T -C`."""

import os
import re
import tempfile
from pathlib import Path

from infra_maintainer.world.commands import ENVIRONMENT
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.process import Output, run_bounded

_CONNECTION = re.compile(r"user=[A-Za-z_][A-Za-z0-9_.\-]{0,31},host=[A-Za-z0-9.:\-]{1,255},addr=[0-9A-Fa-f.:]{2,45}")
_SSHD = "/usr/sbin/sshd"
_NOBODY = 65534


def effective_sshd(connection: str, config: str = "/etc/ssh/sshd_config") -> str:
    """Return the effective settings for `user=U,host=H,addr=A`. Plain `sshd -T` ignores Match blocks; this does not.

    An ordinary user cannot read the host keys, which sshd wants before it answers: then a throw-away key is made and
    removed. Raise WorldError when sshd is absent or refuses its own configuration.
    """
    if not _CONNECTION.fullmatch(connection):
        raise ValueError(f"{connection!r} is not user=U,host=H,addr=A")
    argv = [_SSHD, "-T", "-f", config, "-C", connection]
    answer = _run(argv)
    if "hostkeys available" in answer.stderr or "privilege separation" in answer.stderr:
        with tempfile.TemporaryDirectory(prefix="infra-maintainer-sshd-") as scratch:
            as_nobody = _as_nobody(scratch)
            key = str(Path(scratch) / "key")
            _run([*as_nobody, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
            answer = _run([*as_nobody, *argv, "-h", key])
    if "\nport " in f"\n{answer.stdout}":
        return answer.stdout
    how = "run as root" if "ermission denied" in answer.stderr else "run sshd -t to see its complaint"
    said = answer.stderr.strip().splitlines()
    raise WorldError(
        "denied" if how == "run as root" else "error", f"sshd -T gave no settings: {said[-1:] or 'silent'}", how
    )


def _as_nobody(scratch: str) -> list[str]:
    # As root sshd wants /run/sshd, which only exists while it runs. An ordinary user is not asked for it.
    if os.geteuid() != 0:
        return []
    os.chown(scratch, _NOBODY, _NOBODY)
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]


def _run(argv: list[str]) -> Output:
    try:
        return run_bounded(argv, timeout_s=5, limit_bytes=1 << 20, environment=ENVIRONMENT)
    except FileNotFoundError:
        raise WorldError("not_supported", f"{argv[0]} is not installed here", "install openssh-server") from None
