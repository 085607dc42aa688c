"""Whether the newest dump is still being written: a copy of half a file is no backup."""

from collections.abc import Iterator
from datetime import timedelta

from infra_maintainer.drill.listing import Unreadable, list_backup
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.backup import Backup

FRESH = timedelta(minutes=2)
LOOK_AGAIN_S = 1.0


def _folders(survey: Survey) -> list[Backup]:
    return [backup for backup in survey.system.backup if backup.kind == "dump"]


@source(
    title="dumps still being written",
    jobs=("recovery",),
    quantities=("backup.growing",),
    subjects=lambda survey: [backup.subject for backup in _folders(survey)],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A dump that was written to just now is looked at twice."""
    for backup in _folders(survey):
        try:
            first = list_backup(survey.world.host, backup)
            newest = first.listing.newest
            if newest is None:
                continue
            growing = False
            if abs(survey.world.clock.now() - newest.taken_at) < FRESH:
                survey.world.clock.sleep(LOOK_AGAIN_S)
                growing = list_backup(survey.world.host, backup).listing.newest != newest
        except Unreadable:
            continue  # the listing source says so
        yield survey.measured("backup.growing", growing, subject=backup.subject, source=first.command)
