"""Security updates that are not installed, by source package, and how long their oldest fix has been public."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from infra_maintainer.evidence.store import StoreError
from infra_maintainer.sources.baseline.apt import (
    PendingSource,
    by_source,
    dpkg_list,
    parse_installed,
    parse_release,
    parse_simulation,
)
from infra_maintainer.sources.baseline.changelog import missing_fixes, upload_of
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

_LISTS = "/var/lib/apt/lists"
_EXACT = "ask with exact = true (command line: --exact, --background); each candidate is downloaded once"
_MEMORY = timedelta(days=400)


@source(
    title="pending security updates and their age",
    jobs=("security",),
    quantities=("patch.index.age", "patch.security.pending"),
    also=(
        "patch.security.age",
        "patch.security.age.at_least",
        "patch.security.age.at_most",
        "patch.security.age.candidate",
    ),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Ages are exact when asked for or remembered, else bounds. An exact run continues where the last one ended.

    Hosts without apt are left to the dnf source.
    """
    host = survey.world.host
    if "dpkg" not in host.list("/var/lib"):
        raise WorldError("not_supported", "this host does not use dpkg", "nothing to do here")
    yield from _index(survey)
    installed = parse_installed(dpkg_list(survey))
    simulation = host.run("apt_simulation")
    if simulation.code != 0 or "Calculating upgrade" not in simulation.stdout:
        said = simulation.stderr.strip().splitlines()
        raise WorldError(
            "error", f"apt-get -s did not finish: {said[-1] if said else 'no reason given'}", "run apt-get check"
        )
    pending = by_source(parse_simulation(simulation.stdout), installed)
    names = ", ".join(each.source for each in pending)
    yield survey.measured("patch.security.pending", len(pending), source="apt-get -s dist-upgrade", quote=names or None)
    for number, each in enumerate(pending, start=1):
        survey.say(f"age of fixes for {each.source} ({number} of {len(pending)})")
        yield from _age(survey, each)


def _index(survey: Survey) -> Iterator[AnyEvidence]:
    dates: list[datetime] = []
    for name in survey.world.host.list(_LISTS):
        if name.endswith("Release"):
            index = parse_release(survey.world.host.read(f"{_LISTS}/{name}"))
            if index.is_security and index.date:
                dates.append(index.date)
    if not dates:
        yield survey.missing(
            "patch.index.age",
            "no_data",
            "no index of a security archive is on this host",
            "add the distribution's security archive to the apt sources and run apt-get update",
            source=_LISTS,
        )
        return
    age = survey.world.clock.now() - max(dates)
    yield survey.measured("patch.index.age", _days(age), source=f"{_LISTS}: Date of the security Release file")


def _age(survey: Survey, each: PendingSource) -> Iterator[AnyEvidence]:
    subject = f"package:{each.source} {each.installed}"
    now = survey.world.clock.now()
    remembered = _remembered(survey, "patch.security.age", subject)
    if remembered:
        at, value = remembered
        age = round(value + (now - at).total_seconds() / 86400, 1)
        origin = f"changelog read on {at:%Y-%m-%d}, kept in the store; the age has grown since"
        yield survey.measured("patch.security.age", age, subject=subject, source=origin)
        return
    if survey.options.get("exact"):
        try:
            text = str(survey.world.host.snapshot("changelog_offered", f"{each.binary}={each.candidate}"))
        except WorldError as error:
            yield survey.missing(
                "patch.security.age", error.why, error.detail, error.how, subject=subject, source="apt"
            )
        else:
            lag = missing_fixes(text, each.installed)
            if lag:
                says = f"{lag.uploads} uploads, {len(lag.cves)} CVE names; installed {each.installed}"
                origin = "changelog of the candidate: oldest missing security upload"
                yield survey.measured(
                    "patch.security.age", _days(now - lag.oldest), subject=subject, source=origin, quote=says
                )
                yield survey.measured(
                    "patch.security.age.candidate",
                    _days(now - lag.newest),
                    subject=subject,
                    source="changelog, top entry",
                )
                return
    yield from _bounds(survey, each, subject, now)
    if not survey.options.get("exact"):
        why = "quick mode gives bounds only"
        yield survey.missing("patch.security.age", "not_configured", why, _EXACT, subject=subject, source="quick mode")


def _bounds(survey: Survey, each: PendingSource, subject: str, now: datetime) -> Iterator[AnyEvidence]:
    first_seen = _remembered(survey, "patch.security.age.at_least", subject, oldest=True)
    at_least = _days(now - first_seen[0]) + first_seen[1] if first_seen else 0.0
    yield survey.measured(
        "patch.security.age.at_least", at_least, subject=subject, source="first seen missing by this product"
    )
    try:
        text = str(survey.world.host.snapshot("changelog_installed", each.binary.split(":")[0]))
    except WorldError as error:
        yield survey.missing(
            "patch.security.age.at_most", error.why, error.detail, _EXACT, subject=subject, source="/usr/share/doc"
        )
        return
    upload = upload_of(text, each.installed)
    if upload is None:
        why = f"the changelog on this host has no entry up to {each.installed}"
        yield survey.missing(
            "patch.security.age.at_most", "no_data", why, _EXACT, subject=subject, source="/usr/share/doc"
        )
        return
    origin = f"upload date of the installed version {each.installed}"
    yield survey.measured("patch.security.age.at_most", _days(now - upload.date), subject=subject, source=origin)


def _remembered(survey: Survey, quantity: str, subject: str, *, oldest: bool = False) -> tuple[datetime, float] | None:
    if survey.history is None:
        return None
    try:
        samples = survey.history.samples(quantity, subject, survey.world.clock.now() - _MEMORY)
    except StoreError:
        return None  # the report says by itself that the store does not work
    if not samples:
        return None
    chosen = samples[0] if oldest else samples[-1]
    return chosen.at, chosen.value


def _days(delta: timedelta) -> float:
    return round(delta.total_seconds() / 86400, 1)
