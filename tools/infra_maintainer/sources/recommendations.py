"""Recommendation files that the owner already has; each entry is a claim about a resource, not a proof."""

from collections.abc import Iterator

from infra_maintainer.estate.advised import read_advice
from infra_maintainer.estate.identity import subject_of
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

MOST_BYTES = 32 << 20


@source(
    title="recommendations of other tools",
    jobs=("costs",),
    quantities=("advice.count",),
    also=("advice.saving", "advice.unread"),
    subjects=lambda survey: [f"advice:{number}" for number, _ in enumerate(survey.system.recommendation)],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """The count per file, and per entry what the tool says it saves, in its own currency, not converted."""
    for number, each in enumerate(survey.system.recommendation):
        subject, origin = f"advice:{number}", f"recommendations in {each.path}"
        try:
            advised, unread = read_advice(survey.world.host.read(each.path, limit=MOST_BYTES))
        except (WorldError, ValueError) as error:
            why = error.why if isinstance(error, WorldError) else "error"
            how = error.how if isinstance(error, WorldError) else "export it again as CSV or JSON"
            yield survey.missing("advice.count", why, str(error), how, source=origin, subject=subject)
            continue
        yield survey.measured("advice.count", len(advised), subject=subject, stat="count", source=origin)
        yield survey.measured("advice.unread", unread, subject=subject, stat="count", source=origin)
        for entry in advised:
            if entry.saving is not None:
                yield survey.measured(
                    "advice.saving",
                    entry.saving,
                    subject=subject_of(entry.resource_id),
                    source=origin,
                    quote=entry.action,
                )
