"""Secrets in process environments, on command lines, in units and in env files: where and of what class, never what."""

from collections.abc import Iterator
from typing import Any

from infra_maintainer.evidence.redact import quote
from infra_maintainer.evidence.show import many
from infra_maintainer.sources.baseline.sight import sight
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

_MOST_SHOWN = 50
_LISTED_IN_PART = "/proc lists only the processes that this user may look into (hidepid)"


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
    # A recording of an earlier version does not say what was hidden from it.
    closed = f"{many(seen['closed'], 'process', 'processes')} may not be looked into" if seen.get("closed") else ""
    unlisted = _LISTED_IN_PART if seen.get("others_hidden") else closed
    refused = f"{seen['unreadable']} of {seen['processes']} environments may not be read" if seen["unreadable"] else ""
    if refused and seen["unreadable"] <= 5:
        refused += f" ({', '.join(seen.get('refused', []))})"
    if seen["processes"] == 0:
        unlisted = unlisted or "no process could be seen"
    yield from _count(survey, "secrets.command_lines", len(on_lines), seen["processes"], unlisted, "/proc/*/cmdline")
    yield from _count(survey, "secrets.processes", len(in_environment), read, unlisted or refused, "/proc/*/environ")


def _count(survey: Survey, quantity: str, found: int, n: int, unseen: str, origin: str) -> Iterator[AnyEvidence]:
    """What was found stands; that nothing was found stands only when nothing was unseen."""
    if found or not unseen:
        yield survey.measured(quantity, found, n=n or None, source=origin)
        return
    needs = sight(survey, "CAP_SYS_PTRACE")
    yield survey.missing(quantity, "denied", needs.told(unseen), needs.how, source=origin)


def _units(survey: Survey) -> Iterator[AnyEvidence]:
    seen = survey.world.host.snapshot("secrets_in_units")
    yield from _each(survey, seen["found"], "unit")
    if seen["units"] == 0:
        raise WorldError("not_supported", "no systemd unit is on this host", "nothing to do without systemd")
    if seen["found"] or not seen["unreadable"]:
        yield survey.measured("secrets.units", len(seen["found"]), n=seen["units"], source="systemd units")
        return
    needs = sight(survey, "CAP_DAC_READ_SEARCH")
    detail = needs.told(f"may not be read ({', '.join(seen['unreadable'][:5])})")
    yield survey.missing("secrets.units", "denied", detail, needs.how, source="systemd units")


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
        if seen["truncated"]:
            cut, how = "too many entries to look at all", "name [security] secret_folders"
            yield survey.missing(quantity, "timeout", cut, how, source=origin)
            continue
        needs = sight(survey, "CAP_DAC_READ_SEARCH")
        refused = needs.told(f"{many(len(seen['unreadable']), 'folder or file', 'folders or files')} may not be read")
        yield survey.missing(quantity, "denied", refused, needs.how, source=origin)


def _each(survey: Survey, found: list[dict[str, Any]], kind: str) -> Iterator[AnyEvidence]:
    for each in found[:_MOST_SHOWN]:
        place = f"{each['where']}, key {each['key']}, {each['length']} characters, fingerprint {each['fingerprint']}"
        subject = f"secret:{kind}/{quote(each['where'], 120)}/{quote(each['key'], 60)}"
        yield survey.measured("secrets.found", str(each["class"]), subject=subject, source=each["where"], quote=place)
