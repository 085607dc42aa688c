"""A source that never ends by itself, put among the shipped ones by a test."""

import threading
from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey


@source(
    title="a hanging collector", jobs=("health",), quantities=("disk.space.used",), subjects=lambda _: ["host:hang"]
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Wait for what never comes, deaf to the deadline, as a read on a dead network mount does."""
    threading.Event().wait(60)
    yield survey.measured("disk.space.used", 1.0, source="never reached")
