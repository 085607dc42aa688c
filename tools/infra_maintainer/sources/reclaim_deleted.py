"""Deleted files that some process still holds open: their space comes back when the process lets go."""

from collections.abc import Iterator

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey


@source(title="deleted files held open", jobs=("costs",), quantities=("reclaim.bytes",))
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Without root only the own processes can be looked into: the others are counted in the quote."""
    found = survey.world.host.snapshot("deleted_open")
    yield survey.measured(
        "reclaim.bytes",
        found["bytes"],
        subject="reclaim:deleted-open",
        n=max(1, found["processes"]),
        source="/proc/*/fd",
        quote=f"{found['files']} files of {found['processes']} processes; {found['denied']} processes denied",
    )
