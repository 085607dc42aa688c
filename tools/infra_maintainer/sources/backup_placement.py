"""Where each repository and its key lie: on the disk of the data, in memory, or apart."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.backup import Backup
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.host import Host
from infra_maintainer.world.process import said

VOLATILE = ("tmpfs", "ramfs", "devtmpfs")
NO_DATA_PATH = "name the folder of the data as `data_path` of this [[backup]]"


class Ground(NamedTuple):
    """What a path stands on: its file system and the physical disks under it (the device where none is known)."""

    device: str
    kind: str
    disks: frozenset[str]


@source(
    title="where repositories and keys lie",
    jobs=("recovery",),
    quantities=("backup.same_disk", "backup.volatile"),
    also=("backup.key_beside",),
    subjects=lambda survey: [backup.subject for backup in survey.system.backup],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Only local places can be looked up; a remote one is somewhere else, and where is not known from here."""
    for backup in survey.system.backup:
        try:
            yield from _placed(survey, backup)
        except WorldError as error:
            yield from _unknown(survey, backup, error)


def _placed(survey: Survey, backup: Backup) -> Iterator[AnyEvidence]:
    place = _local_place(survey.world.host, backup)
    if place is None:
        raise WorldError("not_supported", "the repository is not on this host", "look at the place itself")
    ground = ground_of(survey.world.host, place)
    subject, command = backup.subject, f"findmnt -T {place}, lsblk -s"
    volatile = ground.kind in VOLATILE
    yield survey.measured(
        "backup.volatile", volatile, subject=subject, source=command, quote=f"{place} on {ground.kind}"
    )
    if backup.password_file is not None:
        key = ground_of(survey.world.host, str(backup.password_file))
        yield survey.measured("backup.key_beside", bool(key.disks & ground.disks), subject=subject, source=command)
    if backup.data_path is None:
        why = "where the data lies is not declared"
        yield survey.missing("backup.same_disk", "not_configured", why, NO_DATA_PATH, source=command, subject=subject)
        return
    data = ground_of(survey.world.host, backup.data_path)
    said = f"repository on {', '.join(sorted(ground.disks))}, data on {', '.join(sorted(data.disks))}"
    yield survey.measured(
        "backup.same_disk", bool(ground.disks & data.disks), subject=subject, source=command, quote=said
    )


def ground_of(host: Host, path: str) -> Ground:
    """The file system and the disks under `path`. Raises WorldError when it cannot be told."""
    output = host.run("mount_of", path)
    # Mounts stacked on one folder print a line each; the last one is on top.
    device, _, kind = (output.stdout.strip().splitlines() or [""])[-1].partition(" ")
    if not kind:
        raise WorldError("error", f"findmnt knows nothing of {path}: {said(output)}", "check that the path exists")
    device = device.partition("[")[0]
    if not device.startswith("/dev/"):
        return Ground(device, kind, frozenset((device,)))
    rows = host.run("disks_under", device).stdout.splitlines()
    disks = frozenset(row.split()[0] for row in rows if row.endswith(" disk"))
    return Ground(device, kind, disks or frozenset((device,)))


def _local_place(host: Host, backup: Backup) -> str | None:
    """The folder of the repository on this host, None for a remote one. pgBackRest names it in its configuration."""
    if backup.kind == "pgbackrest":
        lines = host.read(backup.place).splitlines()
        paths = [line.partition("=")[2].strip() for line in lines if line.replace(" ", "").startswith("repo1-path=")]
        remote = any(
            line.replace(" ", "").startswith(("repo1-host=", "repo1-type=s3", "repo1-type=azure")) for line in lines
        )
        return None if remote or not paths else paths[0]
    place = backup.place
    return str(PurePosixPath(place)) if place.startswith("/") else None


def _unknown(survey: Survey, backup: Backup, error: WorldError) -> Iterator[AnyEvidence]:
    for quantity in ("backup.same_disk", "backup.volatile"):
        yield survey.missing(quantity, error.why, error.detail, error.how, source=backup.place, subject=backup.subject)
