"""One assessment as an account that may not write: `python unprivileged.py STORE`, prints the report as JSON.

As root it first runs once with a scratch store, so that every module is loaded before the rights are given up (the
interpreter itself may stand where others may not look).
"""

import os
import pwd
import sys
from pathlib import Path

from infra_maintainer.assess.model import Report
from infra_maintainer.evidence.store import Store
from infra_maintainer.tools.health import probe_health
from infra_maintainer.tools.kit import Kit


def run(store: Path) -> Report:
    """The health report of this machine."""
    kit = Kit.from_paths(None, None, Store(store))
    return probe_health(kit, kit.world(20), [])


if __name__ == "__main__":
    wanted = Path(sys.argv[1])
    if os.geteuid() == 0:
        run(Path(sys.argv[2]))
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    print(run(wanted).model_dump_json(exclude_none=True))
