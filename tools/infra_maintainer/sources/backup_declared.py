"""What infra.toml promises about backups, and which declared data no backup names."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.backup import Backup

HOUR, DAY = 3600.0, 86400.0
# The promise of a class when the backup declares none of its own; configuration changes without a clock.
CLASS_RPO_S = {"critical": HOUR, "user_data": DAY}


@source(
    title="declared backups and their targets",
    jobs=("recovery",),
    quantities=("backup.declared",),
    also=(
        "backup.class",
        "backup.protects",
        "backup.rpo.target",
        "backup.rto.target",
        "backup.retention.target",
        "data.backed_up",
    ),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Declared values only: none of them is ever shown as a result."""
    system = survey.system
    yield survey.declared("backup.declared", len(system.backup), subject="system:infra.toml")
    for backup in system.backup:
        yield from _promises(survey, backup)
    protected = {name for backup in system.backup for name in backup.protects}
    for dataset in system.dataset:
        covered = dataset.name in protected
        yield survey.declared("data.backed_up", covered, subject=f"dataset:{dataset.name}")


def _promises(survey: Survey, backup: Backup) -> Iterator[AnyEvidence]:
    yield survey.declared("backup.class", backup.data_class, subject=backup.subject)
    if backup.protects:
        yield survey.declared("backup.protects", ", ".join(backup.protects), subject=backup.subject)
    rpo = backup.rpo_h * HOUR if backup.rpo_h else CLASS_RPO_S.get(backup.data_class)
    if rpo is not None:
        yield survey.declared("backup.rpo.target", rpo, subject=backup.subject)
    if backup.rto_h is not None:
        yield survey.declared("backup.rto.target", backup.rto_h * HOUR, subject=backup.subject)
    if backup.retention_days is not None:
        yield survey.declared("backup.retention.target", backup.retention_days * DAY, subject=backup.subject)
