"""A concise reply stays within what hosts accept, says what it leaves out, and never changes the verdict."""

import json
import re

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Finding, Report, Severity, Unknown
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured
from infra_maintainer.report.brief import LIMIT_CHARACTERS, brief, size
from infra_maintainer.report.text import render_text
from tests.requirements_link import requirement
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
    assert [each.says for each in small.findings] == [each.says for each in whole.findings[: len(small.findings)]]
    notes = " ".join(small.notes)
    assert len(small.findings) + left_out(notes, "findings?") == findings and small.findings
    assert told(small.unknowns) + left_out(notes, "unknowns?") == unknowns and (small.unknowns or not unknowns)
    assert not notes or f"{findings} finding" in notes and f"{unknowns} unknown" in notes and notes in text
    assert all(each.says in text for each in [*small.findings, *small.unknowns, *small.passes])


def left_out(notes: str, noun: str) -> int:
    """How many of a kind the note counts as left out."""
    return sum(int(each) for each in re.findall(rf"(\d+) (?:\w+ )?{noun}\b", re.split("; ", notes)[0]))


def told(unknowns: list[Unknown]) -> int:
    """How many they stand for."""
    return sum(int(each.says.split()[0]) if "unknowns of one reason" in each.says else 1 for each in unknowns)


def shop() -> Report:
    """A shop that fails by one slow query: the failures are found by five checks, the query by one of the mildest."""
    users = measured("traffic.errors", 8.33, subject="traffic:shop", stat="ratio", n=240)
    checks = measured("traffic.health.errors", 0.0, subject="traffic:shop", stat="ratio", n=900)
    share = measured("traffic.availability", 91.67, subject="traffic:shop", stat="ratio", n=240)
    slow = measured("traffic.latency", 2400.0, subject="traffic:shop", stat="p95", n=240)
    disks = [measured("disk.space.used", 85.0, subject=f"filesystem:/{index}") for index in range(8)]
    read = Measured(
        subject="query:orders:42", quantity="db.query.share", stat="ratio", value=90.0, unit="%",
        quote="SELECT FROM orders", as_of=NOW, source="test",
    )  # fmt: skip
    gaps = [missing(f"db.{each}", "unreachable", subject="database:orders") for each in ("blocked", "cache.hits")]
    gaps += [missing("oom.kills", "timeout", subject="prometheus:main"), missing("page.load", "not_configured")]
    ours = missing("db.query.text", "error", subject="query:orders:7")
    when = measured("traffic.failing.spread", 40.0, subject="traffic:shop")  # which only one of the five rests on
    failed = measured("traffic.errors.server_error", 20, subject="traffic:shop", stat="count", n=240)
    whole = assess([users, failed, when, checks, share, slow, *disks, read, *gaps, ours], Policy(), "health", NOW)
    query = whole.findings[0].model_copy(
        update={
            "code": "table_read_whole",
            "subject": "table:orders:public.orders",
            "severity": "low",
            "says": "table public.orders (orders) is read whole by 42",
            "evidence": [read.id],
        }
    )
    return whole.model_copy(update={"findings": [*whole.findings, query]})


REPEATED = {"availability", "budget_availability", "green_while_users_fail", "traffic_errors", "budget_errors"}


@requirement("honesty.unknown")
@pytest.mark.parametrize("limit", [5500, 6000, 8000, 11_000])
def test_a_failure_told_five_times_hides_neither_the_query_nor_what_is_unknown(limit: int) -> None:
    """The same fact is one entry with the other codes; each finding keeps its sentence; unknowns keep their names."""
    whole = shop()
    assert REPEATED <= {each.code for each in whole.findings} and size(whole) > 11_000
    small = brief(whole, limit)
    assert size(small) <= limit
    (failing,) = [each for each in small.findings if {each.code, *(a.code for a in each.also or [])} >= REPEATED]
    codes = sorted([e.code for e in small.findings] + [a.code for e in small.findings for a in e.also or []])
    assert codes == sorted(each.code for each in whole.findings)
    assert (failing.code, failing.severity) == ("traffic_errors", "high") and "20 answered 5xx" in failing.says
    (green,) = [each.says for each in failing.also or [] if each.says]  # the one that knows more than the share
    assert "900 health checks saw 0 %" in green
    assert {each.says for each in small.findings} <= {each.says for each in whole.findings}
    assert "table_read_whole" in {each.code for each in small.findings}
    assert "SELECT FROM orders" in {each.quote for each in small.evidence if isinstance(each, Measured)}
    text = render_text(small, detail=True, width=10_000)
    assert "SELECT FROM orders" in text and all(code in text for code in codes) and green in text
    for each in [each for each in whole.unknowns if each.must_be_told]:
        named = f"{each.quantity} of {each.subject}"
        assert any(named in one.says or (one.quantity, one.subject) == (each.quantity, each.subject)
                   for one in small.unknowns)  # fmt: skip
    assert "db.query.text" in {each.quantity for each in small.coverage.not_checked}
    notes = " ".join(small.notes)
    assert told(small.unknowns) + left_out(notes, "unknowns?") == len(whole.unknowns)
    assert f"{len(whole.findings)} findings, {len(whole.unknowns)} unknowns" in (notes or text)


@pytest.mark.parametrize("limit", [1500, 2000, 3000, 5000, 8000, 20_000])
@pytest.mark.parametrize(("findings", "unknowns"), [(12, 30), (30, 30), (200, 300)])
def test_no_limit_is_exceeded_and_no_kind_takes_the_whole_room(limit: int, findings: int, unknowns: int) -> None:
    """At every size both are there, the worst finding first, and the count of either is whole."""
    whole = report_of(findings, unknowns)
    small = brief(whole, limit)
    assert size(small) <= limit
    assert small.findings[0].says == whole.findings[0].says and told(small.unknowns) >= 6
    assert len(small.findings) + left_out(small.notes[-1], "findings?") == findings
    assert told(small.unknowns) + left_out(small.notes[-1], "unknowns?") == unknowns
    if limit >= 8000 and findings <= 30:
        assert len(small.findings) == findings and small.findings[0].do


def test_what_fits_is_not_cut() -> None:
    """A small report is left as it is, but for the records that no finding cites."""
    whole = report_of(1, 1, records=5)
    small = brief(whole)
    assert small.model_copy(update={"evidence": whole.evidence}) == whole
    assert size(brief(whole, 10**6, whole_evidence=True)) == size(whole)
