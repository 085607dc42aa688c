"""Inventory and use of declared AWS accounts, region by region; what was refused is said per resource."""

from collections.abc import Iterator

from infra_maintainer.cloud.aws_compute import compute
from infra_maintainer.cloud.aws_session import Aws, Refusal
from infra_maintainer.cloud.aws_storage import storage
from infra_maintainer.cloud.aws_use import use
from infra_maintainer.cloud.found import Found, Refused
from infra_maintainer.estate.identity import subject_of, telling_tags
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.cloud import Cloud
from infra_maintainer.world.failure import WorldError


def _regions(survey: Survey) -> list[str]:
    return [f"cloud:aws/{region}" for cloud in survey.system.cloud for region in cloud.regions]


@source(
    title="inventory and use of AWS",
    jobs=("costs",),
    quantities=("cloud.resources", "cloud.calls", "cloud.calls.billed"),
    also=("resource.kind", "resource.tags", "resource.attached", "resource.cpu"),
    subjects=_regions,
    configure='declare an account to see what is rented: [[cloud]] provider = "aws", profile = "…", regions = ["…"]',
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A region that refuses everything is Missing with its reason; one that refuses a call loses only that."""
    if survey.world.sequential:
        raise WorldError("not_recorded", "calls to AWS are not recorded", "ask on a live machine")
    for cloud in survey.system.cloud:
        for region in cloud.regions:
            survey.say(f"reading AWS {region}")
            yield from _region(survey, cloud, region)


def _region(survey: Survey, cloud: Cloud, region: str) -> Iterator[AnyEvidence]:
    subject, now = f"cloud:aws/{region}", survey.world.clock.now()
    try:
        aws = Aws(cloud.profile, region, cloud.endpoint)
    except Refusal as error:
        raise WorldError(error.refused.why, error.refused.detail, error.refused.how) from error
    found = [*storage(aws, now, cloud.snapshot_retention_days), *compute(aws, now)]
    kinds = {each.resource_id: str(each.value) for each in found if each.quantity == "resource.kind"}
    ages = {each.resource_id: float(each.value) for each in found
            if each.quantity == "resource.age" and isinstance(each.value, int | float)}  # fmt: skip
    if not kinds and aws.refused:
        first = next(iter(aws.refused.values()))
        raise WorldError(first.why, first.detail, first.how)
    found += use(aws, kinds, ages, now)
    for each in found:
        yield _evidence(survey, each, region)
    yield from _owner(survey, kinds)
    origin = f"AWS {region}"
    yield survey.measured("cloud.resources", len(kinds), subject=subject, stat="count", source=origin)
    calls = ", ".join(f"{name} {count}" for name, count in sorted(aws.calls.items()))
    yield survey.measured(
        "cloud.calls", sum(aws.calls.values()), subject=subject, stat="count", source=origin, quote=calls
    )
    yield survey.measured("cloud.calls.billed", aws.metrics_asked, subject=subject, stat="count", source=origin)


def _owner(survey: Survey, kinds: dict[str, str]) -> Iterator[AnyEvidence]:
    """The owner's list was read: each resource is on it or not."""
    today = survey.world.clock.now().date()
    kept = {subject_of(each.resource) for each in survey.system.keep if each.until is None or each.until >= today}
    for resource in kinds:
        subject = subject_of(resource)
        for guard in ("kept", "compliance"):
            yield survey.declared(f"resource.guard.{guard}", subject in kept, subject=subject)


def _evidence(survey: Survey, each: Found, region: str) -> AnyEvidence:
    subject, origin = subject_of(each.resource_id), f"AWS {region}"
    if isinstance(each.value, Refused):
        refused = each.value
        return survey.missing(each.quantity, refused.why, refused.detail, refused.how, source=origin, subject=subject)
    quote = telling_tags(each.tags) if each.tags is not None else each.name
    return survey.measured(each.quantity, each.value, subject=subject, stat=each.stat, n=each.n, window=each.window,
                           source=origin, quote=quote)  # fmt: skip
