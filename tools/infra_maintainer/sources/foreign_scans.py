"""Existing results of Lynis, OpenSCAP and Prowler, imported as somebody else's claims with their date and coverage."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

_DEFAULT = "/var/log/lynis-report.dat"
_LIMIT = 16 << 20


@source(
    title="results of other scanners (claims)",
    jobs=("security",),
    quantities=(),
    also=(
        "scan.lynis.warnings",
        "scan.openscap.failed",
        "scan.openscap.judged",
        "scan.prowler.failed",
        "scan.tests",
    ),
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Read the declared results, or Lynis' own place. A result that is absent is no evidence of anything."""
    for path in survey.system.security.reports or [_DEFAULT]:
        subject = f"scan:{path}"
        try:
            text = survey.world.host.read(path, _LIMIT)
        except WorldError as error:
            if path in survey.system.security.reports:
                yield survey.missing("scan.tests", error.why, error.detail, error.how, subject=subject, source=path)
            continue
        yield from _read(survey, subject, path, text)


def _read(survey: Survey, subject: str, path: str, text: str) -> Iterator[AnyEvidence]:
    if text.startswith("# Lynis Report") or "lynis_version=" in text:
        when = re.search(r"^report_datetime_start=(.+)$", text, re.MULTILINE)
        moment = _moment(when[1]) if when else None
        ran = re.search(r"^tests_executed=(.+)$", text, re.MULTILINE)
        warnings = len(re.findall(r"^warning\[\]=", text, re.MULTILINE))
        yield survey.measured("scan.lynis.warnings", warnings, subject=subject, source=path, as_of=moment)
        if ran:
            count = len([test for test in ran[1].split("|") if test])
            yield survey.measured("scan.tests", count, subject=subject, source=path, as_of=moment)
    elif "<TestResult" in text:
        results = re.findall(r"<(?:\w+:)?result>(\w+)</", text)
        judged = [result for result in results if result in ("pass", "fail")]
        when = re.search(r"<(?:\w+:)?TestResult[^>]*end-time=\"([^\"]+)\"", text)
        moment = _moment(when[1]) if when else None
        yield survey.measured(
            "scan.openscap.judged", len(judged), n=len(results) or None, subject=subject, source=path, as_of=moment
        )
        if judged:
            yield survey.measured(
                "scan.openscap.failed", judged.count("fail"), subject=subject, source=path, as_of=moment
            )
    else:
        yield from _prowler(survey, subject, path, text)


def _prowler(survey: Survey, subject: str, path: str, text: str) -> Iterator[AnyEvidence]:
    try:
        rows: list[dict[str, Any]] = json.loads(text)
        states = [str(row["status_code"]) for row in rows]
    except (ValueError, KeyError, TypeError):
        how = "give a Lynis report.dat, an OpenSCAP results XML or a Prowler OCSF JSON"
        yield survey.missing("scan.tests", "error", "a result of no known form", how, subject=subject, source=path)
        return
    yield survey.measured("scan.tests", len(states), subject=subject, source=path)
    if states:
        yield survey.measured("scan.prowler.failed", states.count("FAIL"), subject=subject, source=path)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
