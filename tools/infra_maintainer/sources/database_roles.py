"""Roles of PostgreSQL that may do more than their work needs: superusers, row security passed by, owners."""

from collections.abc import Iterator
from functools import partial

from infra_maintainer.databases.postgres import NoSlotLeft, ask
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

QUESTIONS = {
    "database.roles.superuser": "role_superusers",
    "database.roles.unrestricted": "role_bypassing",
    "database.roles.owners": "role_owners",
}


def subjects(survey: Survey) -> list[str]:
    """One subject per declared database."""
    return [f"database:{each.name}" for each in survey.system.database]


@source(title="rights of PostgreSQL roles", jobs=("security",), quantities=tuple(QUESTIONS), subjects=subjects)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One session per declared database; a question that the role may not ask is Missing alone."""
    names = list(QUESTIONS.values())
    for database in survey.system.database:
        subject = f"database:{database.name}"
        asking = partial(ask, database, names, survey.world.deadline.remaining())
        try:
            answers = survey.world.engine("postgres", [database.name, *names], asking)
        except (WorldError, NoSlotLeft) as error:
            why = error.why if isinstance(error, WorldError) else "unreachable"
            how = error.how if isinstance(error, WorldError) else "ask again when a connection is free"
            for quantity in QUESTIONS:
                yield survey.missing(quantity, why, str(error), how, subject=subject, source="pg_roles")
            continue
        for quantity, name in QUESTIONS.items():
            answer = answers[name]
            if isinstance(answer, dict):
                refused = str(answer["refused"])
                yield survey.missing(
                    quantity, answer["why"], refused, "let the role read pg_roles", subject=subject, source=name
                )
                continue
            roles = ", ".join(str(row[0]) for row in answer) or None
            yield survey.measured(quantity, len(answer), subject=subject, source="pg_roles, pg_class", quote=roles)
