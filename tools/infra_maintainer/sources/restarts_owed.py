"""Updates that are installed and not running: an older kernel, replaced libraries in memory, a reboot that waits."""

import re
from collections.abc import Iterator

from infra_maintainer.evidence.show import many
from infra_maintainer.sources.baseline.apt import Installed, automatic_updates, dpkg_list, held, parse_installed
from infra_maintainer.sources.baseline.debian_version import DebianVersion
from infra_maintainer.sources.baseline.sight import sight
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError


@source(
    title="updates installed but not running",
    jobs=("security",),
    quantities=(
        "kernel.outdated",
        "libraries.replaced.in_use",
        "reboot.required.age",
        "packages.held",
        "updates.automatic",
    ),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each question stands alone: one that cannot be answered is Missing and the others still are."""
    for quantity, ask in (
        ("libraries.replaced.in_use", _libraries),
        ("reboot.required.age", _reboot),
        ("kernel.outdated", _kernel),
        ("packages.held", _holds),
        ("updates.automatic", _automatic),
    ):
        try:
            yield from ask(survey)
        except WorldError as error:
            yield survey.missing(quantity, error.why, error.detail, error.how, source="updates")


def _libraries(survey: Survey) -> Iterator[AnyEvidence]:
    seen = survey.world.host.snapshot("deleted_mappings")
    names = ", ".join(sorted({str(each["program"]) for each in seen["found"]}))
    hidden = seen.get("others_hidden", False)  # a recording of an earlier version does not say
    if seen["found"] or not (seen["unreadable"] or hidden):
        yield survey.measured(
            "libraries.replaced.in_use",
            len(seen["found"]),
            n=seen["processes"] or None,
            source="/proc/*/maps",
            quote=names or None,
        )
        return
    detail = f"{seen['unreadable']} of {seen['unreadable'] + seen['processes']} processes may not be read"
    if hidden:
        detail = f"only {many(seen['processes'], 'process', 'processes')} of this user could be seen (hidepid of /proc)"
    needs = sight(survey, "CAP_SYS_PTRACE")
    yield survey.missing("libraries.replaced.in_use", "denied", needs.told(detail), needs.how, source="/proc/*/maps")


def _reboot(survey: Survey) -> Iterator[AnyEvidence]:
    path = "/var/run/reboot-required"
    try:
        flagged = survey.world.host.snapshot("stat", path)
    except WorldError as error:
        if error.why != "not_supported":
            raise
        yield survey.measured("reboot.required.age", 0, source=f"{path} does not exist")
        return
    age = (survey.world.clock.now().timestamp() - flagged["mtime"]) / 86400
    yield survey.measured("reboot.required.age", round(max(age, 0), 2), source=f"modification time of {path}")


def _kernel(survey: Survey) -> Iterator[AnyEvidence]:
    running = survey.world.host.read("/proc/sys/kernel/osrelease").strip()
    installed = parse_installed(dpkg_list(survey))
    images = [each for name, each in installed.items() if re.match(r"linux-image-\d", name) and _is_in(each)]
    if not images:
        raise WorldError(
            "not_supported",
            f"no kernel package is installed: {running} comes from outside",
            "ask the provider or the host",
        )
    versions = {each.package.removeprefix("linux-image-"): each for each in images}
    newest = max(versions, key=lambda name: DebianVersion(name))
    if running not in versions:
        detail = f"{running} runs and is no installed package: a reboot is pending or the kernel comes from outside"
        raise WorldError("no_data", detail, "reboot, or ask the provider")
    yield survey.measured(
        "kernel.outdated",
        running != newest,
        source="uname -r against dpkg",
        quote=f"{running} runs, {newest} is installed",
    )


def _is_in(each: Installed) -> bool:
    return each.status.startswith("ii")


def _holds(survey: Survey) -> Iterator[AnyEvidence]:
    listed = dpkg_list(survey)
    if not listed.strip():
        raise WorldError("no_data", "dpkg-query listed no package", "run dpkg-query -W")
    names = held(listed)
    yield survey.measured("packages.held", len(names), source="dpkg-query -W", quote=", ".join(names) or None)


def _automatic(survey: Survey) -> Iterator[AnyEvidence]:
    config = survey.world.host.run("apt_config").stdout
    if not config:
        raise WorldError("error", "apt-config printed nothing", "run apt-config dump")
    setting = automatic_updates(config)
    said = "APT::Periodic::Unattended-Upgrade is not set" if setting is None else "APT::Periodic::Unattended-Upgrade"
    yield survey.measured("updates.automatic", bool(setting), source="apt-config dump", quote=said)
