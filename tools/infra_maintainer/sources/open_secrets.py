"""Secrets in process environments, on command lines, in units and in env files: where and of what class, never what."""

from collections.abc import Iterator
from typing import Any

from infra_maintainer.evidence.redact import quote
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

_MOST_SHOWN = 50
_AS_ROOT = "run as root or with CAP_SYS_PTRACE"


@source(
    title="secrets in the open",
    jobs=("security",),
    quantities=(
        "secrets.processes",
        "secrets.command_lines",
        "secrets.units",
        "secrets.files",
        "secrets.files.private",
        "secrets.processes.seen",
    ),
    also=("secrets.found",),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """A count stands only when everything of its kind could be read; what was found is told in any case."""
    for ask, owed in ((_processes, "secrets.processes"), (_units, "secrets.units"), (_files, "secrets.files")):
        try:
            yield from ask(survey)
        except WorldError as error:
            yield survey.missing(owed, error.why, error.detail, error.how, source="search for secrets")


def _processes(survey: Survey) -> Iterator[AnyEvidence]:
    seen = survey.world.host.snapshot("secrets_in_processes")
    read = seen["processes"] - seen["unreadable"]
    yield survey.measured("secrets.processes.seen", read, source="/proc/*/environ")
    in_environment = [each for each in seen["found"] if each["form"] == "environ"]
    on_lines = [each for each in seen["found"] if each["form"] == "argv"]
    yield from _each(survey, seen["found"], "process")
    if seen["processes"] == 0:
        raise WorldError("no_data", "no process could be seen", _AS_ROOT)
    yield survey.measured("secrets.command_lines", len(on_lines), n=seen["processes"], source="/proc/*/cmdline")
    if in_environment or not seen["unreadable"]:
        yield survey.measured("secrets.processes", len(in_environment), n=read or None, source="/proc/*/environ")
        return
    of = f" ({', '.join(seen.get('refused', []))})" if seen["unreadable"] <= 5 else ""
    detail = f"{seen['unreadable']} of {seen['processes']} environments may not be read{of}"
    yield survey.missing("secrets.processes", "denied", detail, _AS_ROOT, source="/proc/*/environ")


def _units(survey: Survey) -> Iterator[AnyEvidence]:
    seen = survey.world.host.snapshot("secrets_in_units")
    yield from _each(survey, seen["found"], "unit")
    if seen["units"] == 0:
        raise WorldError("not_supported", "no systemd unit is on this host", "nothing to do without systemd")
    if seen["found"] or not seen["unreadable"]:
        yield survey.measured("secrets.units", len(seen["found"]), n=seen["units"], source="systemd units")
        return
    detail = f"may not be read: {', '.join(seen['unreadable'][:5])}"
    yield survey.missing("secrets.units", "denied", detail, "run as root", source="systemd units")


def _files(survey: Survey) -> Iterator[AnyEvidence]:
    folders = ":".join(survey.system.security.secret_folders)
    seen = survey.world.host.snapshot("secrets_in_files", folders)
    yield from _each(survey, seen["found"], "file")
    exposed = [each for each in seen["found"] if each["open_to_all"]]
    private = len(seen["found"]) - len(exposed)
    origin = "env and credential files"
    for quantity, count in (("secrets.files", len(exposed)), ("secrets.files.private", private)):
        if count or not (seen["unreadable"] or seen["truncated"]):
            yield survey.measured(quantity, count, source=origin, n=seen["files"] or None)
            continue
        refused = f"{len(seen['unreadable'])} folders or files may not be read"
        cut, why = ("too many entries to look at all", "timeout") if seen["truncated"] else (refused, "denied")
        how = "name [security] secret_folders" if seen["truncated"] else "run as root"
        yield survey.missing(quantity, "timeout" if why == "timeout" else "denied", cut, how, source=origin)


def _each(survey: Survey, found: list[dict[str, Any]], kind: str) -> Iterator[AnyEvidence]:
    for each in found[:_MOST_SHOWN]:
        place = f"{each['where']}, key {each['key']}, {each['length']} characters, fingerprint {each['fingerprint']}"
        subject = f"secret:{kind}/{quote(each['where'], 120)}/{quote(each['key'], 60)}"
        yield survey.measured("secrets.found", str(each["class"]), subject=subject, source=each["where"], quote=place)
