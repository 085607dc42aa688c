"""Declared runbooks: who owns them, their steps and times, when they were last tested, which links are dead."""

import posixpath
import re
from collections.abc import Iterator
from datetime import date

from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.runbook import Runbook
from infra_maintainer.world.failure import WorldError

LIMIT = 1 << 20
STEP = re.compile(r"(?m)^\s*\d+[.)]\s+\S.*$")
TIME = re.compile(r"(?i)\b\d+(?:[.,]\d+)?\s*(?:s|sec|seconds?|min|minutes?|h|hours?)\b")
LINK = re.compile(r"\]\(([^)\s#]+)")
FIELD = r"(?im)^[\s>*_-]*{names}[*_]*\s*:[*_]*\s*(.+?)\s*$"
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


@source(
    title="runbooks",
    jobs=("recovery",),
    quantities=("runbook.steps",),
    also=("runbook.owner", "runbook.test.age", "runbook.age", "runbook.dead_links", "runbook.timed_steps"),
    subjects=lambda survey: [f"runbook:{runbook.name}" for runbook in survey.system.runbook],
    configure="declare [[runbook]] in infra.toml: name and file",
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Fields are lines such as `Owner: platform team`, `Last tested: 2026-09-01`, in Markdown or plain text."""
    for runbook in survey.system.runbook:
        subject = f"runbook:{runbook.name}"
        try:
            text = survey.world.host.read(runbook.file, LIMIT)
        except WorldError as error:
            for quantity in ("runbook.steps", "runbook.owner", "runbook.test.age"):
                yield survey.missing(quantity, error.why, error.detail, error.how, source=runbook.file, subject=subject)
            continue
        yield from _facts(survey, runbook, subject, text)


def _facts(survey: Survey, runbook: Runbook, subject: str, text: str) -> Iterator[AnyEvidence]:
    steps = STEP.findall(text)
    timed = sum(bool(TIME.search(step)) for step in steps)
    yield survey.measured("runbook.steps", len(steps), subject=subject, source=runbook.file)
    yield survey.measured("runbook.timed_steps", timed, subject=subject, source=runbook.file)
    owner = _field(text, "owner")
    if owner:
        yield survey.declared("runbook.owner", owner[:80], subject=subject)
    else:
        yield survey.missing(
            "runbook.owner", "no_data", "no line `Owner: …`", "write who owns it", source=runbook.file, subject=subject
        )
    for quantity, names in (
        ("runbook.test.age", "(?:last )?tested(?: on)?"),
        ("runbook.age", "(?:last )?reviewed(?: on)?"),
    ):
        age = _days(_field(text, names), survey.world.clock.now().date())
        if age is not None:
            yield survey.declared(quantity, age, subject=subject)
    if not _field(text, "(?:last )?tested(?: on)?"):
        yield survey.missing(
            "runbook.test.age", "no_data", "no line `Last tested: date`", "test it and write the date", subject=subject,
            source=runbook.file,
        )  # fmt: skip
    yield from _links(survey, runbook, subject, text)


def _links(survey: Survey, runbook: Runbook, subject: str, text: str) -> Iterator[AnyEvidence]:
    """Links to files beside the runbook; those to the network are not followed."""
    folder = posixpath.dirname(runbook.file)
    local = [link for link in dict.fromkeys(LINK.findall(text)) if "://" not in link and not link.startswith("mailto:")]
    dead = [link for link in local if not _exists(survey, posixpath.normpath(posixpath.join(folder, link)))]
    quote = ", ".join(dead) or None
    yield survey.measured("runbook.dead_links", len(dead), subject=subject, source=runbook.file, quote=quote)


def _exists(survey: Survey, path: str) -> bool:
    try:
        return posixpath.basename(path) in survey.world.host.list(posixpath.dirname(path))
    except WorldError:
        return False


def _field(text: str, names: str) -> str | None:
    found = re.search(FIELD.format(names=names), text)
    return found.group(1) if found else None


def _days(text: str | None, today: date) -> int | None:
    found = DATE.search(text or "")
    if found is None:
        return None
    try:
        return (today - date(*map(int, found.groups()))).days
    except ValueError:
        return None
