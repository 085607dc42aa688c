"""When a fix was published, read from a Debian changelog; the fixes that an installed version still lacks."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from infra_maintainer.sources.baseline.debian_version import DebianVersion, without_rebuild

_HEAD = re.compile(r"^(?P<source>[a-z0-9][a-z0-9+.\-]*) \((?P<version>[^)\s]+)\) (?P<where>[^;]+);", re.IGNORECASE)
_TRAILER = re.compile(r"^ -- .*?>\s\s?(?P<date>\S.*)$")
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b")


class Entry(NamedTuple):
    """One upload: its version, its date in UTC, whether it is a security upload, the CVE names it mentions."""

    version: str
    date: datetime
    is_security: bool
    cves: tuple[str, ...]


class Lag(NamedTuple):
    """What an installed version lacks: the date of the oldest missing security upload, the number of such uploads,
    the CVE names, and the date of the newest upload, which a less careful reader would take for the age."""

    oldest: datetime
    uploads: int
    cves: tuple[str, ...]
    newest: datetime


def entries(text: str) -> Iterator[Entry]:
    """Yield the uploads of a changelog, newest first. An entry whose date cannot be read is left out.

    An entry is a security upload when its distribution contains "security" or its text names a CVE. The date is the
    trailer's, which precedes publication by hours to days.
    """
    version, where, body = "", "", list[str]()
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            version, where, body = head["version"], head["where"], []
            continue
        trailer = _TRAILER.match(line)
        if not trailer:
            body.append(line)
            continue
        date = _date(trailer["date"])
        if version and date:
            cves = tuple(dict.fromkeys(_CVE.findall("\n".join(body))))
            yield Entry(version, date, "security" in where or bool(cves), cves)
        version = ""


def upload_of(text: str, installed: str) -> Entry | None:
    """Return the entry of the installed version, or of the newest one before it; never of a version after it."""
    have = DebianVersion(without_rebuild(installed))
    return next((each for each in entries(text) if DebianVersion(without_rebuild(each.version)) <= have), None)


def missing_fixes(text: str, installed: str) -> Lag | None:
    """Return what `installed` lacks by the changelog of the candidate, None when it lacks no security upload."""
    have = DebianVersion(without_rebuild(installed))
    missing: list[Entry] = []
    for entry in entries(text):
        if DebianVersion(without_rebuild(entry.version)) <= have:
            break
        missing.append(entry)
    security = [entry for entry in missing if entry.is_security]
    if not security:
        return None
    cves = tuple(dict.fromkeys(cve for entry in security for cve in entry.cves))
    return Lag(min(entry.date for entry in security), len(security), cves, missing[0].date)


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
