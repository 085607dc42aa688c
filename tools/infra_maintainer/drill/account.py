"""The ordinary user under which the throw-away server runs: PostgreSQL refuses root, and so does the drill."""

import os
import pwd
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.drill.errors import NotPossible

PREFERRED = ("postgres", "nobody")


class Account(NamedTuple):
    """A user and its group; `is_caller` when no change of user is needed."""

    name: str
    uid: int
    gid: int
    is_caller: bool

    def own(self, path: Path) -> None:
        """Give `path` and all below it to this account; links are changed themselves, never followed."""
        if self.is_caller:
            return
        os.lchown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path, followlinks=False):
            for name in (*folders, *files):
                os.lchown(os.path.join(folder, name), self.uid, self.gid)


def ordinary_account(wanted: str | None = None) -> Account:
    """The caller itself, or for root the `wanted` user, else the first present of PREFERRED.

    Raises NotPossible when the user does not exist or is root.
    """
    uid = os.geteuid()
    if uid != 0:
        return Account(pwd.getpwuid(uid).pw_name, uid, os.getegid(), is_caller=True)
    for name in (wanted,) if wanted else PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_caller=False)
    raise NotPossible(
        "no-ordinary-user",
        f"root may not run the restored server, and the user {wanted or PREFERRED!r} is not usable",
        "name an ordinary user as `user` in [recovery] of infra.toml, or run the drill as one",
    )
