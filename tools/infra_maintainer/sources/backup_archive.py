"""How long ago the living server archived its write-ahead log: what a point-in-time recovery would lose now."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.backup import Backup
from infra_maintainer.world.failure import WorldError

HOW = "give the backup a `live` connection string in infra.toml, without a password (use ~/.pgpass)"


def _archived(survey: Survey) -> list[Backup]:
    return [backup for backup in survey.system.backup if backup.kind in ("pgbackrest", "barman")]


@source(
    title="write-ahead log archiving",
    jobs=("recovery",),
    quantities=("backup.archive.age",),
    also=("backup.rpo.observed",),
    subjects=lambda survey: [backup.subject for backup in _archived(survey)],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """pg_stat_archiver of each living server behind a physical backup."""
    for backup in _archived(survey):
        command = "pg_stat_archiver"
        if backup.live is None:
            yield survey.missing(
                "backup.archive.age", "not_configured", "no living server is named", HOW, source=command,
                subject=backup.subject,
            )  # fmt: skip
            continue
        try:
            answer = survey.world.host.run("postgres_archiver", backup.live)
        except WorldError as error:
            yield survey.missing(
                "backup.archive.age", error.why, error.detail, error.how, source=command, subject=backup.subject
            )
            continue
        try:
            age = max(0.0, float(answer.stdout.strip()))
        except ValueError:
            said = answer.stderr.strip() or "the server has archived nothing since its statistics began"
            yield survey.missing("backup.archive.age", "no_data", said, HOW, source=command, subject=backup.subject)
            continue
        yield survey.measured("backup.archive.age", age, subject=backup.subject, source=command)
        yield survey.measured("backup.rpo.observed", age, subject=backup.subject, source=command)
