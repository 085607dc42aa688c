"""What apt and dpkg print: pending updates by source package, and the age of the index they are judged by."""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from infra_maintainer.sources.survey import Survey

_INST = re.compile(r"^Inst (?P<package>\S+) \[(?P<installed>[^\]]+)\] \((?P<candidate>\S+) (?P<origins>[^)\[]*)")


class Pending(NamedTuple):
    """One binary package with an update: versions, and whether a security archive offers the candidate."""

    package: str
    installed: str
    candidate: str
    is_security: bool


class Installed(NamedTuple):
    """One line of dpkg's list."""

    package: str
    source: str
    version: str
    source_version: str
    status: str


class PendingSource(NamedTuple):
    """A source package with pending security updates; `binary` is one of its binaries."""

    source: str
    installed: str
    candidate: str
    binary: str
    binaries: int


class Index(NamedTuple):
    """The head of one Release file: which archive it is of, and when the archive signed it."""

    label: str
    suite: str
    codename: str
    date: datetime | None

    @property
    def is_security(self) -> bool:
        """Whether security updates come through this archive."""
        return "security" in (self.label + self.suite + self.codename).lower()


def parse_simulation(text: str) -> list[Pending]:
    """Read the `Inst` lines of `apt-get -s dist-upgrade`; new packages have no installed version and are left out."""
    found: list[Pending] = []
    for line in text.splitlines():
        match = _INST.match(line)
        if match:
            is_security = "security" in match["origins"].lower()
            found.append(Pending(match["package"], match["installed"], match["candidate"], is_security))
    return found


def parse_installed(text: str) -> dict[str, Installed]:
    """Read `dpkg-query -W`: binary:Package, source:Package, Version, source:Version, db:Status-Abbrev."""
    found: dict[str, Installed] = {}
    for line in text.splitlines():
        columns = line.split("\t")
        if len(columns) == 5:
            name = columns[0].split(":", 1)[0]
            found[name] = Installed(name, columns[1], columns[2], columns[3], columns[4].strip())
    return found


def dpkg_list(survey: Survey) -> str:
    """What dpkg lists on this host, asked once per survey. Raises WorldError."""
    return str(survey.once("dpkg_list", lambda: survey.world.host.run("dpkg_list").stdout))


def held(text: str) -> list[str]:
    """The packages on hold in dpkg's list: wanted state h, which is what apt-mark showhold prints."""
    rows = (line.split("\t") for line in text.splitlines())
    return [columns[0] for columns in rows if len(columns) == 5 and columns[4].startswith("h")]


def by_source(pending: Iterable[Pending], installed: dict[str, Installed]) -> list[PendingSource]:
    """Group the pending security updates by source package, the unit in which fixes are published."""
    groups: dict[str, list[Pending]] = defaultdict(list)
    for each in pending:
        if each.is_security:
            package = each.package.split(":", 1)[0]
            groups[installed[package].source if package in installed else package].append(each)
    found: list[PendingSource] = []
    for source, members in sorted(groups.items()):
        # The shortest name is nearly always the plain library or program, which carries the changelog itself.
        first = min(members, key=lambda each: (len(each.package), each.package))
        known = installed.get(first.package.split(":", 1)[0])
        found.append(
            PendingSource(
                source, known.source_version if known else first.installed, first.candidate, first.package, len(members)
            )
        )
    return found


def parse_release(text: str) -> Index:
    """Read the first lines of a Release or InRelease file; a date that cannot be read is None, never now."""
    fields = dict(re.findall(r"^(Label|Suite|Codename|Date): *(.*)$", text[:4096], re.MULTILINE))
    return Index(
        fields.get("Label", ""), fields.get("Suite", ""), fields.get("Codename", ""), _date(fields.get("Date"))
    )


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def automatic_updates(config: str) -> bool | None:
    """Read `apt-config dump`: True or False when APT::Periodic::Unattended-Upgrade is set, None when it is not."""
    match = re.search(r'^APT::Periodic::Unattended-Upgrade "([^"]*)";', config, re.MULTILINE)
    return match[1] not in ("", "0") if match else None
