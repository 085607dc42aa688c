"""Security advisories that are not installed on hosts with dnf, by the day each was issued."""

from collections.abc import Iterator

from infra_maintainer.sources.baseline.dnf import Advisory, parse_advisories
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


@source(
    title="pending security advisories (dnf)",
    jobs=("security",),
    quantities=(),
    also=("patch.security.pending", "patch.security.age"),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """One age per package: that of its oldest advisory. Hosts without dnf yield nothing: the apt source speaks."""
    try:
        output = survey.world.host.run("dnf_advisories")
    except WorldError as error:
        if error.why == "not_supported" or (error.why == "not_recorded" and _uses_dpkg(survey)):
            return
        yield survey.missing("patch.security.pending", error.why, error.detail, error.how, source="dnf5 advisory list")
        return
    if output.code != 0:
        raise WorldError(
            "error", f"dnf5 ended with code {output.code}: {output.stderr.strip()[-120:]}", "run dnf5 check"
        )
    oldest: dict[str, Advisory] = {}
    try:
        advisories = parse_advisories(output.stdout)
    except ValueError as error:
        raise WorldError("error", str(error), "run dnf5 advisory list --security by hand") from error
    for each in advisories:
        name = each.package.rsplit("-", 2)[0]
        kept = oldest.get(name)
        if kept is None or (each.issued and (kept.issued is None or each.issued < kept.issued)):
            oldest[name] = each
    yield survey.measured("patch.security.pending", len(oldest), source="dnf5 advisory list --security")
    for name, each in sorted(oldest.items()):
        subject = f"package:{name}"
        if each.issued is None:
            yield survey.missing(
                "patch.security.age",
                "no_data",
                f"{each.name} has no date",
                "dnf5 advisory info",
                subject=subject,
                source="dnf5",
            )
            continue
        age = (survey.world.clock.now() - each.issued).total_seconds() / 86400
        yield survey.measured(
            "patch.security.age", round(age, 1), subject=subject, source="dnf5, column Issued", quote=each.name
        )


def _uses_dpkg(survey: Survey) -> bool:
    try:
        return "dpkg" in survey.world.host.list("/var/lib")
    except WorldError:
        return False
