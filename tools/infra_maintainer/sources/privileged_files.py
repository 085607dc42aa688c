"""Programs that run as another user or with capabilities though no package put them there, and open places."""

from collections.abc import Iterator

from infra_maintainer.evidence.show import many
from infra_maintainer.sources.baseline.sight import sight
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


@source(
    title="programs with other people's rights, places anybody may write",
    jobs=("security",),
    quantities=("privilege.files.foreign", "privilege.places.writable"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A walk that was cut short or refused in places proves what it found, never the absence of more."""
    try:
        yield from _files(survey)
    except WorldError as error:
        yield survey.missing("privilege.files.foreign", error.why, error.detail, error.how, source="walk")
    seen = survey.world.host.snapshot("writable_places")
    if not seen["found"] and not seen["looked"]:
        raise WorldError("no_data", "none of the places could be looked at", sight(survey, "CAP_DAC_READ_SEARCH").how)
    if seen["found"] or not seen["unreadable"]:
        quote = ", ".join(seen["found"][:10]) or None
        yield survey.measured(
            "privilege.places.writable", len(seen["found"]), n=seen["looked"] or None, source="lstat(2)", quote=quote
        )
        return
    needs = sight(survey, "CAP_DAC_READ_SEARCH")
    detail = needs.told(f"may not be listed ({', '.join(seen['unreadable'])})")
    yield survey.missing("privilege.places.writable", "denied", detail, needs.how, source="lstat(2)")


def _files(survey: Survey) -> Iterator[AnyEvidence]:
    seen = survey.world.host.snapshot("privileged_files")
    origin = "find -perm /6111 and capabilities, against dpkg -S"
    if seen["looked"] == 0:
        raise WorldError("no_data", "the walk saw no program at all", sight(survey, "CAP_DAC_READ_SEARCH").how)
    if any("package" not in each for each in seen["found"]):
        raise WorldError("not_supported", "dpkg is not installed, so no owner is known", "look at them by hand")
    foreign = [each for each in seen["found"] if each["package"] is None]
    quote = ", ".join(f"{each['path']} ({each['power']})" for each in foreign[:10]) or None
    if foreign or not seen["unreadable"]:
        yield survey.measured("privilege.files.foreign", len(foreign), n=seen["looked"], source=origin, quote=quote)
        return
    needs = sight(survey, "CAP_DAC_READ_SEARCH")
    refused = f"{many(seen['unreadable'], 'folder')} may not be entered"
    detail = needs.told(f"all {len(seen['found'])} such programs seen are packaged; {refused}")
    yield survey.missing("privilege.files.foreign", "denied", detail, needs.how, source=origin)
