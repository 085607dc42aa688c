"""The verdict is the worst finding, capped by what could be seen."""

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import Coverage, Finding, NotChecked, Pass, Severity, Unknown, Verdict
from infra_maintainer.assess.policy import Policy
from infra_maintainer.assess.verdict import decide
from infra_maintainer.evidence.model import Measured, Missing
from tests.requirements_link import requirement
from tests.worlds import NOW, measured, missing

FULL = Coverage(planned=10, checked=10, not_checked=[])
SEEN = Pass(code="x", subject="endpoint:e", says="fine", user_facing=True)


def finding(severity: Severity) -> Finding:
    """A finding of some severity."""
    return Finding(code="c", subject="host:h", severity=severity, says="s", matters="m", do="d")


@pytest.mark.parametrize(
    ("severity", "verdict"), [("critical", "critical"), ("high", "degraded"), ("medium", "at_risk"), ("low", "healthy")]
)
@requirement("honesty.computed_verdicts", "persona.no_green_on_demand")
def test_the_worst_finding_gives_the_verdict(severity: Severity, verdict: Verdict) -> None:
    """Averaging findings, or taking the first, would let one critical drown in many lows."""
    found = [finding("low"), finding(severity), finding("low")]
    assert decide(found, [SEEN], [], FULL, Policy(), users_first=True).verdict == verdict


@requirement("honesty.unknown")
def test_no_data_is_unknown_never_healthy() -> None:
    """An empty run has no finding; a verdict computed from findings alone would be healthy."""
    report = assess([], Policy(), "health", NOW, users_first=True)
    assert (report.verdict, report.coverage.planned) == ("unknown", 0)


@requirement("honesty.coverage")
def test_nothing_user_facing_checked_is_never_healthy() -> None:
    """A perfect machine says nothing about users."""
    evidence = [measured("disk.space.used", 10.0, subject="filesystem:/")]
    assert assess(list(evidence), Policy(), "health", NOW, users_first=True).verdict == "unknown"


def test_the_same_with_a_user_facing_pass_is_healthy() -> None:
    """The benign twin: one thing users feel was checked and holds."""
    assert decide([], [SEEN], [], FULL, Policy(), users_first=True).verdict == "healthy"


def test_too_little_coverage_is_unknown() -> None:
    """4 of 10 planned checks do not make a verdict."""
    gap = NotChecked(quantity="q", subject="host:h", why="denied", detail="d", how="h")
    thin = Coverage(planned=10, checked=4, not_checked=[gap] * 6)
    assert decide([], [SEEN], [], thin, Policy(), users_first=True).verdict == "unknown"


@pytest.mark.parametrize(("why", "verdict"), [("denied", "unknown"), ("not_supported", "healthy")])
def test_a_serious_unknown_blocks_a_clean_bill_unless_the_thing_does_not_exist(why: str, verdict: str) -> None:
    """A permission that lacks hides a danger; a machine without a part has no danger there."""
    unknown = Unknown.model_validate(
        {"code": "c", "subject": "host:h", "says": "s", "quantity": "q", "why": why, "how": "h", "could_be": "high"}
    )
    assert decide([], [SEEN], [unknown], FULL, Policy(), users_first=True).verdict == verdict


def test_coverage_counts_pairs_of_subject_and_quantity() -> None:
    """Two statistics of one quantity are one check; a missing pair is not checked, whatever its neighbour says."""
    evidence: list[Measured | Missing] = [
        measured("cpu.utilisation", 10.0, stat="mean"),
        measured("cpu.utilisation", 12.0, stat="p95"),
        missing("disk.space.used", "denied", subject="filesystem:/a"),
        measured("disk.space.used", 12.0, subject="filesystem:/b"),
    ]
    coverage = assess(list(evidence), Policy(), "health", NOW).coverage
    assert (coverage.planned, coverage.checked) == (3, 2)
    assert [each.subject for each in coverage.not_checked] == ["filesystem:/a"]


@requirement("honesty.unknown")
def test_a_collector_that_broke_is_never_part_of_a_healthy_verdict() -> None:
    """One of a hundred planned checks failed by our own fault: the share alone would still be enough."""
    broken = NotChecked(quantity="disk.space.used", subject="host:h", why="our_bug", detail="d", how="h")
    coverage = Coverage(planned=100, checked=99, not_checked=[broken])
    decision = decide([], [SEEN], [], coverage, Policy(), users_first=True)
    assert decision.verdict == "unknown" and "fault of ours" in decision.because


@pytest.mark.parametrize("severity", ["high", "medium"])
def test_findings_beside_a_source_of_ours_that_broke_off_may_be_worse_and_say_so(severity: Severity) -> None:
    """What was found stays found; that the worst may be missing is in the sentence that gives the verdict."""
    broke = Unknown(
        code="source_broke_off", subject="source:access_log", says="s", quantity="source.rest", why="our_bug", how="h",
        could_be="critical",
    )  # fmt: skip
    decision = decide([finding(severity)], [SEEN], [broke], FULL, Policy(), users_first=True)
    assert decision.because.endswith("it may be worse: source access_log broke off by a fault of ours")
    whole = decide([finding(severity)], [SEEN], [], FULL, Policy(), users_first=True)
    assert "worse" not in whole.because


def gap(subject: str, why: str, could_be: str = "high") -> Unknown:
    """Something declared that gave nothing."""
    return Unknown.model_validate(
        {"code": "c", "subject": subject, "says": "s", "quantity": "q", "why": why, "how": "h", "could_be": could_be}
    )


@requirement("honesty.unknown")
@pytest.mark.parametrize("severity", ["high", "medium", "critical"])
def test_findings_beside_a_log_that_could_not_be_read_say_that_users_are_not_known(severity: Severity) -> None:
    """Without its log a shop falls from degraded to at risk: the sentence that gives the verdict says why."""
    gaps = [gap("traffic:shop", "no_data"), gap("database:orders", "unreachable"), gap("metrics:main", "timeout")]
    decision = decide([finding(severity)], [SEEN], gaps, FULL, Policy(), users_first=True)
    assert decision.because == (
        f"1 {severity} finding; what real users of shop get is not known; Prometheus main could not be read; "
        "database orders could not be read"
    )


@pytest.mark.parametrize(
    "unknown",
    [gap("traffic:shop", "not_configured"), gap("database:orders", "denied", "low"), gap("traffic:shop", "no_data")],
)
def test_what_nobody_declared_or_another_source_tells_is_no_reason_of_a_verdict(unknown: Unknown) -> None:
    """No log at all, a mild gap, and a log whose users a Prometheus has counted: the findings decide alone."""
    passed = Pass(code="traffic_errors", subject="traffic:main", says="fine", user_facing=True)
    decision = decide([finding("medium")], [passed], [unknown], FULL, Policy(), users_first=True)
    assert decision.because == "1 medium finding"


def test_a_declared_log_that_is_not_there_is_in_the_reason_of_the_whole_report() -> None:
    """By the checks themselves, not by an unknown made up for the verdict."""
    gaps = [missing(f"traffic.{each}", "no_data", subject="traffic:shop") for each in ("errors", "latency", "requests")]
    full = measured("disk.space.used", 85.0, subject="filesystem:/")
    because = assess([full, *gaps], Policy(), "health", NOW, users_first=True).because
    assert because == "1 high finding; what real users of shop get is not known"
