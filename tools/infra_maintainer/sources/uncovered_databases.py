"""Databases that live on a backed-up server and that no declared backup names."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.process import said

HOW = "give a [[backup]] a `live` connection string, so that what lives can be compared with what is backed up"
SYSTEM = ("postgres",)


def _servers(survey: Survey) -> list[str]:
    return list(dict.fromkeys(backup.live for backup in survey.system.backup if backup.live))


@source(
    title="databases never included in a backup",
    jobs=("recovery",),
    quantities=("data.uncovered",),
    subjects=lambda survey: [f"server:{_host(live)}" for live in _servers(survey)],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A physical backup holds every database of its server; a dump holds those it is declared to hold."""
    named = {name for backup in survey.system.backup for name in (*backup.protects, backup.database or "")}
    named = {name.removeprefix("database:") for name in named}
    for live in _servers(survey):
        subject = f"server:{_host(live)}"
        try:
            output = survey.world.host.run("postgres_databases", live)
        except WorldError as error:
            yield survey.missing("data.uncovered", error.why, error.detail, error.how, source="psql", subject=subject)
            continue
        if output.code != 0:
            yield survey.missing("data.uncovered", "unreachable", said(output), HOW, source="psql", subject=subject)
            continue
        physical = any(b.live == live and b.kind in ("pgbackrest", "barman") for b in survey.system.backup)
        living = [name for name in output.stdout.splitlines() if name and name not in SYSTEM]
        missed = [] if physical else [name for name in living if name not in named]
        yield survey.measured(
            "data.uncovered", len(missed), subject=subject, source="pg_database", quote=", ".join(missed) or None
        )


def _host(live: str) -> str:
    """The server of a connection string, without what else stands in it."""
    for word in live.split():
        if word.startswith("host="):
            return word.removeprefix("host=")
    return live.split("://")[-1].split("@")[-1].split("/")[0] or "local"
