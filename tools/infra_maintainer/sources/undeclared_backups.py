"""Traces of backups on this host that infra.toml does not name: mentioned, never judged."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey

SHOWN = 5


@source(title="undeclared backups on this host", jobs=("recovery",), quantities=("backup.undeclared",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """The usual places only; folders that may not be entered are not counted and not an error."""
    output = survey.world.host.run("backup_traces")
    declared = [backup.place for backup in survey.system.backup]
    places = sorted({place for line in output.stdout.splitlines() if (place := _place(line))})
    found = [place for place in places if not any(_within(place, known) or _within(known, place) for known in declared)]
    yield survey.measured(
        "backup.undeclared",
        len(found),
        source="find in /var/backups, /srv, /mnt, /opt, /home and the like, 4 folders deep",
        quote=", ".join(found[:SHOWN]) if found else None,
    )


def _place(line: str) -> str | None:
    """The repository behind a trace: the folder of dumps, of a borg or restic repository, of a pgBackRest stanza."""
    kind, _, path = line.partition(" ")
    folder, _, name = path.rpartition("/")
    if kind == "f" and name == "backup.info":
        return folder
    if kind == "d" and name == "snapshots":  # restic; other programs call folders so too, hence "looks like"
        return folder
    if kind == "f" and name.startswith("integrity."):
        return folder
    return folder if kind == "f" and name.endswith((".dump", ".sql.gz")) else None


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(outer.rstrip("/") + "/")
