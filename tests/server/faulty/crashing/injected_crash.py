"""A source with a bug, put among the shipped ones by a test."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey


@source(
    title="a broken collector", jobs=("health",), quantities=("disk.space.used",), subjects=lambda _: ["host:crash"]
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Fail as bugs do; what the exception says is foreign text and must not come out."""
    secret = {"password": "hunter2-Zx9"}
    yield survey.measured("disk.space.used", float(secret["hunter2-Zx9"]), source="never reached")
