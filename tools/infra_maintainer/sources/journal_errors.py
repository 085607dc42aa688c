"""Errors in the system's journal of the last fifteen minutes, counted by kind."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from infra_maintainer.evidence.show import many
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.process import said

ORIGIN = "journalctl --priority=err --since=-15min --output=json"
WINDOW_S, MOST_LINES, MOST_KINDS = 900.0, 5000, 10
_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*|\d+")


class Line(NamedTuple):
    """One journal entry. Program and message are text from the outside."""

    program: str
    message: str
    priority: int
    at: datetime


def kind(line: Line) -> str:
    """Program and message with numbers, addresses and long hexadecimal words folded, so that repeats look alike."""
    return f"{line.program}: {_NUMBERS.sub('#', line.message)[:500]}"


def parse_journal(text: str) -> list[Line]:
    """Entries of journalctl's JSON lines. Raises WorldError(error) for a line that is not such an entry."""
    lines: list[Line] = []
    for row in text.splitlines():
        if not row.strip() or row.startswith("-- "):
            continue
        try:
            entry = json.loads(row)
            at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
            priority = int(entry["PRIORITY"])
            program = _text(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM") or "unnamed")
            lines.append(Line(program, _text(entry.get("MESSAGE")), priority, at))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
            raise WorldError("error", f"journalctl printed {row[:80]!r}", "run it by hand") from error
    return lines


def _text(value: object) -> str:
    """A field's text: journald writes bytes that are not UTF-8 as a list of numbers, long fields as null."""
    if isinstance(value, list):
        return bytes(int(byte) & 255 for byte in value).decode("utf-8", "replace")
    return "(no text)" if value is None else str(value)


@source(
    title="journal errors by kind",
    jobs=("health",),
    quantities=("journal.errors", "journal.errors.severe"),
    also=("journal.errors.kind",),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Counts of the window; when it holds more lines than are read, the window is what those lines cover."""
    _require_journal(survey)
    output = survey.world.host.run("journal_errors", "-15min")
    if "not seeing messages" in output.stderr or "insufficient permissions" in output.stderr:
        how = "run as a member of the group systemd-journal"
        raise WorldError("denied", "this user may not read the system's journal", how)
    lines = parse_journal(output.stdout)
    if output.code or output.stderr.strip():  # what was printed is a floor, which no limit may pass
        detail = f"journalctl broke off after {many(len(lines), 'error')}: {said(output)}"
        raise WorldError("error", detail, "run it by hand")
    window = WINDOW_S
    if len(lines) >= MOST_LINES:
        window = max(0.0, (survey.world.clock.now() - min(line.at for line in lines)).total_seconds())
    kinds = Counter(kind(line) for line in lines)
    severe = sum(line.priority <= 2 for line in lines)
    yield survey.measured("journal.errors", len(lines), stat="count", window=window, source=ORIGIN)
    yield survey.measured("journal.errors.severe", severe, stat="count", window=window, source=ORIGIN)
    for name, times in kinds.most_common(MOST_KINDS):
        subject = f"journal_kind:{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        yield survey.measured(
            "journal.errors.kind", times, subject=subject, stat="count", window=window, source=ORIGIN, quote=name
        )


def _require_journal(survey: Survey) -> None:
    """Raise WorldError(not_supported) where no journal is kept: journalctl then prints nothing, which is not zero."""
    for folder in ("/var/log/journal", "/run/log/journal"):
        try:
            if survey.world.host.list(folder):
                return
        except WorldError as error:
            if error.why != "not_supported":
                raise
    detail = "no journal is kept here (neither /var/log/journal nor /run/log/journal holds one)"
    raise WorldError("not_supported", detail, "ask on the host, or name the logs in infra.toml")
