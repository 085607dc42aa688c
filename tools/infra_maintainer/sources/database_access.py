"""Rules of PostgreSQL's pg_hba.conf that let clients in without proof, with a weak one, or in clear."""

from collections.abc import Iterator

from infra_maintainer.sources.baseline.host_access import weak_rules
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


def _files(survey: Survey) -> list[str]:
    host, found = survey.world.host, list[str]()
    try:
        for version in host.list("/etc/postgresql"):
            found += [
                f"/etc/postgresql/{version}/{name}/pg_hba.conf" for name in host.list(f"/etc/postgresql/{version}")
            ]
    except WorldError:
        pass
    return found or ["/var/lib/pgsql/data/pg_hba.conf"]


@source(title="access rules of PostgreSQL", jobs=("security",), quantities=("database.access.rules.weak",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One count per file. A host without PostgreSQL has nothing to check, and says so."""
    for path in _files(survey):
        subject = f"file:{path}"
        try:
            text = survey.world.host.read(path)
        except WorldError as error:
            how = f"{error.how}; user postgres or root may read it"
            yield survey.missing(
                "database.access.rules.weak", error.why, error.detail, how, subject=subject, source=path
            )
            continue
        found = weak_rules(text)
        quote = "; ".join(f"line {rule.line}: {rule.kind}: {rule.text}" for rule in found) or None
        yield survey.measured("database.access.rules.weak", len(found), subject=subject, source=path, quote=quote)
