"""What the owner says about rented things: `[[fact]]` about a resource, and `[[keep]]`. Declared, never measured."""

from collections.abc import Iterator

from infra_maintainer.estate.identity import subject_of
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey


def _subjects(survey: Survey) -> list[str]:
    facts = [each.subject for each in survey.system.fact if each.subject.startswith("resource:")]
    return list(dict.fromkeys([*facts, *(subject_of(each.resource) for each in survey.system.keep)]))


@source(
    title="the owner's word about resources",
    jobs=("costs",),
    quantities=(),
    also=("resource.guard.kept", "resource.kind"),
    subjects=_subjects,
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A hold that is over protects no more; a fact closes what no interface of the provider can tell."""
    for each in survey.system.fact:
        if each.subject.startswith("resource:"):
            yield survey.declared(each.quantity, each.value, subject=each.subject, declared_on=each.declared_on)
    today = survey.world.clock.now().date()
    for kept in survey.system.keep:
        holds = kept.until is None or kept.until >= today
        yield survey.declared("resource.guard.kept", holds, subject=subject_of(kept.resource))
