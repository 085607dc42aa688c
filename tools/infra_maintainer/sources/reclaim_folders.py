"""Disk under folders that fill up and can be made again, or be kept shorter: caches, archives, old logs, dumps."""

from collections.abc import Iterator
from typing import NamedTuple

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


class Folder(NamedTuple):
    """A folder to weigh; `~` is the user's home. With `days` only what has not changed for so long."""

    name: str
    path: str
    days: int | None = None


FOLDERS = (
    Folder("package-archives", "/var/cache/apt/archives"),
    Folder("dnf-cache", "/var/cache/dnf"),
    Folder("pip-cache", "~/.cache/pip"),
    Folder("uv-cache", "~/.cache/uv"),
    Folder("npm-cache", "~/.npm/_cacache"),
    Folder("go-build-cache", "~/.cache/go-build"),
    Folder("maven-cache", "~/.m2/repository"),
    Folder("journal", "/var/log/journal"),
    Folder("old-logs", "/var/log", 30),
    Folder("core-dumps", "/var/lib/systemd/coredump"),
    Folder("crash-reports", "/var/crash"),
    Folder("temporary-files", "/var/tmp", 30),
)


@source(title="reclaimable folders of this machine", jobs=("costs",), quantities=("reclaim.bytes",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One figure per folder that exists; what could not be read inside it is said in the quote."""
    host = survey.world.host
    home = host.snapshot("home")
    for each in FOLDERS:
        path = each.path.replace("~", str(home), 1)
        try:
            found = host.snapshot("tree_size", path if each.days is None else f"{path}|{each.days}")
        except WorldError as error:
            if error.why != "not_supported":  # a folder that is not there holds nothing
                yield survey.missing("reclaim.bytes", error.why, error.detail, error.how,
                                     source=path, subject=f"reclaim:{each.name}")  # fmt: skip
            continue
        older = "" if each.days is None else f", unchanged for {each.days} days"
        partly = f", {found['denied']} folders denied" if found["denied"] else ""
        cut = ", not all looked at" if found["capped"] else ""
        yield survey.measured(
            "reclaim.bytes", found["bytes"], subject=f"reclaim:{each.name}", n=max(1, found["entries"]),
            source=f"st_blocks under {path}", quote=f"{path}{older}{partly}{cut}",
        )  # fmt: skip
