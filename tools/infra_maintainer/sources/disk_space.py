"""Space and inodes of each mounted file system, as an unprivileged user may use them (what df prints)."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.world.failure import WorldError


@source(
    title="disk space and inodes",
    jobs=("health", "capacity", "costs"),
    quantities=("disk.space.used", "disk.space.available", "disk.capacity"),
    also=("disk.inodes.used",),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One set of figures per file system; one that does not answer is Missing and does not hide the others."""
    for each in survey.world.host.snapshot("file_systems"):
        mount = str(each["mount"])
        subject, origin = f"filesystem:{mount}", f"statvfs({mount})"
        try:
            space = survey.world.host.snapshot("space", mount)
        except WorldError as error:
            yield survey.missing("disk.space.used", error.why, error.detail, error.how, subject=subject, source=origin)
            continue
        usable = space["used"] + space["available"]
        if usable == 0:  # a pseudo file system holds nothing that could fill up
            continue
        yield survey.measured("disk.space.used", percent(space["used"], usable), subject=subject, source=origin)
        yield survey.measured("disk.space.available", space["available"], subject=subject, source=origin)
        yield survey.measured("disk.capacity", usable, subject=subject, source=origin)
        if space["inodes"]:  # btrfs and others make inodes as needed and report none
            used = space["inodes"] - space["inodes_free"]
            yield survey.measured("disk.inodes.used", percent(used, space["inodes"]), subject=subject, source=origin)
