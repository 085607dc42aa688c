"""List a declared backup through the world: what its program says is there, or why it could not be read."""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from infra_maintainer.drill.formats.barman import parse_backups
from infra_maintainer.drill.formats.borg import parse_list
from infra_maintainer.drill.formats.copies import Listing, ListingError
from infra_maintainer.drill.formats.folder import parse_find
from infra_maintainer.drill.formats.pgbackrest import parse_info
from infra_maintainer.drill.formats.restic import parse_snapshots
from infra_maintainer.system.backup import Backup
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.host import Host
from infra_maintainer.world.process import Output, said

T = TypeVar("T")
NO_KEY = "/dev/null"
CLOSED = re.compile(r"(?i)permission denied|operation not permitted")


class Unreadable(Exception):
    """The program ran and could not open the repository: a fault of the backup, not of our way to it."""


class Listed(NamedTuple):
    """A listing and the command that gave it."""

    listing: Listing
    command: str


def list_backup(host: Host, backup: Backup) -> Listed:
    """Raises Unreadable, or WorldError when the program is absent, closed to us, or too slow."""
    if backup.kind == "restic":
        output = _ran(host.run("restic_snapshots", backup.place, key(backup)))
        return Listed(_parsed(lambda: parse_snapshots(output.stdout)), f"restic -r {backup.place} snapshots --json")
    if backup.kind == "borg":
        output = _ran(host.run("borg_list", backup.place, key(backup)))
        return Listed(_parsed(lambda: parse_list(output.stdout)), f"borg list --json {backup.place}")
    if backup.kind == "pgbackrest":
        return Listed(_pgbackrest(host, backup), f"pgbackrest --config={backup.place} info --output=json")
    if backup.kind == "dump":
        output = _ran(host.run("dump_files", backup.place))
        return Listed(parse_find(output.stdout), f"find {backup.place}")
    output = _ran(host.run("barman_list", backup.place, stanza(backup)))
    return Listed(
        _parsed(lambda: parse_backups(output.stdout, stanza(backup))), f"barman -c {backup.place} list-backup"
    )


def key(backup: Backup) -> str:
    """The file that the password is read from; an empty one when none is declared."""
    return str(backup.password_file or NO_KEY)


def stanza(backup: Backup) -> str:
    """The pgBackRest stanza, by default of the backup's own name."""
    return backup.stanza or backup.name


def _pgbackrest(host: Host, backup: Backup) -> Listing:
    output = _ran(host.run("pgbackrest_info", backup.place, stanza(backup)))
    found = _parsed(lambda: parse_info(output.stdout, stanza(backup)))
    if found.status_code != 0 and not found.listing.copies:
        raise Unreadable(f"pgbackrest says: {found.status}")
    return found.listing


def _parsed(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ListingError as odd:
        raise Unreadable(str(odd)) from odd


def _ran(output: Output) -> Output:
    if output.code == 127:
        raise WorldError("not_supported", output.stderr.strip(), "install the program, or run where it is installed")
    if output.code != 0 and CLOSED.search(output.stderr):
        raise WorldError(
            "denied", output.stderr.strip()[-200:], "run as a user who may read the repository and its key"
        )
    if output.code != 0:
        raise Unreadable(said(output))
    return output
