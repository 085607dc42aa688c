"""A concise reply stays within what hosts accept, says what it leaves out, and never changes the verdict."""

import json

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Finding, Report, Severity, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.report.brief import LIMIT_CHARACTERS, brief, size
from infra_maintainer.report.text import render_text
from tests.worlds import NOW, measured, missing

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "low")


def report_of(findings: int, unknowns: int, records: int = 60) -> Report:
    """A report with many of everything, worst first, as `assess` gives it."""
    evidence = [
        measured("disk.space.used", float(index % 100), subject=f"filesystem:/{index}") for index in range(records)
    ]
    gaps = [missing("disk.space.used", "denied", subject=f"filesystem:/m{index}") for index in range(unknowns)]
    whole = assess([*evidence, *gaps], Policy(), "health", NOW)
    found = [
        Finding(
            code="disk_space_low",
            subject=f"filesystem:/{index}",
            severity=SEVERITIES[index * len(SEVERITIES) // findings],
            says=f"/{index} is 97 % full (limit 95 %)",
            matters="When it is full, writes fail: orders are lost, databases stop, logins break.",
            do="Find what grows, remove or move it, then enlarge the volume.",
            evidence=[evidence[index % records].id],
        )
        for index in range(findings)
    ]
    asked = [
        Unknown(
            code="disk_unknown",
            subject=each.subject,
            quantity=each.quantity,
            says=f"Whether {each.subject} is full was not measured",
            why=each.why,
            detail=each.detail,
            how=each.how,
            could_be="high",
            evidence=[each.id],
        )
        for each in gaps
    ]
    return whole.model_copy(update={"findings": found, "unknowns": asked, "verdict": "critical"})


@pytest.mark.parametrize(("findings", "unknowns"), [(1, 0), (3, 40), (200, 0), (200, 300)])
def test_both_channels_fit_and_what_is_left_out_is_counted(findings: int, unknowns: int) -> None:
    """Few, many, and far too many; the worst findings stay, and the numbers add up."""
    whole = report_of(findings, unknowns)
    small = brief(whole)
    text = render_text(small, detail=True, width=10_000)
    structured = json.dumps(small.model_dump(mode="json", exclude_none=True), separators=(",", ":"), ensure_ascii=False)
    assert len(text) <= LIMIT_CHARACTERS and len(structured) <= LIMIT_CHARACTERS
    assert (small.verdict, small.coverage.planned) == (whole.verdict, whole.coverage.planned)
    assert small.findings == whole.findings[: len(small.findings)] and small.findings
    notes = " ".join(small.notes)
    left = [
        int(words.split()[0])
        for words in notes.removeprefix("Left out here: ").split("; ")[0].split(", ")
        if "finding" in words
    ]
    assert len(small.findings) + sum(left) == findings
    if len(small.unknowns) < unknowns:
        assert f"{unknowns - len(small.unknowns)} unknowns" in notes and notes in text
    assert all(each.says in text for each in [*small.findings, *small.unknowns, *small.passes])


def test_what_fits_is_not_cut() -> None:
    """A small report is left as it is, but for the records that no finding cites."""
    whole = report_of(1, 1, records=5)
    small = brief(whole)
    assert small.model_copy(update={"evidence": whole.evidence}) == whole
    assert size(brief(whole, 10**6, whole_evidence=True)) == size(whole)
