"""Reports of the product as the run of an answer: what code wrote holds word for word, and not one digit off."""

import re

import pytest

from infra_maintainer.answer.compose import compose
from infra_maintainer.answer.from_reports import run_of
from infra_maintainer.answer.ledger import PointerError
from infra_maintainer.answer.model import Answer, NotKnown
from infra_maintainer.answer.render import render
from infra_maintainer.answer.verify import verify
from infra_maintainer.assess.model import Coverage, Report, Unknown
from infra_maintainer.assess.policy import baseline
from infra_maintainer.evals.mutation.worlds import SPECS, assess
from infra_maintainer.evidence.model import Declared
from infra_maintainer.report.text import render_text
from tests.requirements_link import requirement
from tests.worlds import NOW


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """One report per recorded world."""
    folder = tmp_path_factory.mktemp("worlds")
    return {spec.name: assess(spec, folder)[1] for spec in SPECS}


@pytest.mark.parametrize("world", [spec.name for spec in SPECS])
def test_the_text_of_a_report_repeated_word_for_word_has_only_numbers_that_hold(
    reports: dict[str, Report], world: str
) -> None:
    """A host may copy what it was given."""
    report = reports[world]
    text = f"Verdict: {report.verdict}\n{render_text(report, detail=True)}"
    result = verify(text, run_of([report], baseline().values()))
    assert not result.bad_numbers(), result.bad_numbers()


@requirement("honesty.verify")
def test_a_copied_sentence_with_another_digit_does_not_hold(reports: dict[str, Report]) -> None:
    """91 % becomes 19 %."""
    report = reports["two_faults"]
    text = render_text(report, detail=True)
    assert "91 % full" in text
    result = verify(text.replace("91 % full", "19 % full"), run_of([report], baseline().values()))
    assert "19 %" in {number.text for number in result.bad_numbers()}


@pytest.mark.parametrize("world", [spec.name for spec in SPECS])
def test_the_answer_composed_from_a_report_holds_and_so_does_its_rendering(
    reports: dict[str, Report], world: str
) -> None:
    """Structure and prose checks agree on it."""
    run = run_of([reports[world]], baseline().values())
    answer = compose(run)
    checked = verify(answer, run)
    assert checked.holds, (checked.bad_numbers(), checked.faults)
    shown = verify(render(answer, checked, run), run)
    assert shown.holds, (shown.bad_numbers(), shown.faults)


def test_several_reports_together_have_the_worst_verdict_and_all_evidence(reports: dict[str, Report]) -> None:
    """One answer may rest on several jobs."""
    both = [reports["all_quiet"], reports["disk_critical"]]
    run = run_of(both, baseline().values())
    assert (run.verdict, run.severity) == ("critical", "critical")
    for report in both:
        for record in report.evidence:
            assert record.id in run.ledger


def test_values_counts_and_windows_of_a_record_are_citable_and_missing_ones_are_not(
    reports: dict[str, Report],
) -> None:
    """`id` alone is the value; `#/n` is a fact about the measurement."""
    report = reports["slow_tail"]
    run = run_of([report])
    tail = next(
        r for r in report.evidence if r.kind == "measured" and r.stat == "p95" and r.quantity == "endpoint.latency"
    )
    assert run.ledger.resolve(tail.id).value == run.ledger.resolve(f"{tail.id}#/value").value
    assert run.ledger.resolve(f"{tail.id}#/n").about_measurement
    missing = next(record for record in report.evidence if record.kind == "missing")
    with pytest.raises(PointerError, match="not obtained"):
        run.ledger.resolve(missing.id)


def test_every_unknown_that_matters_must_be_told_and_what_nobody_configured_may_be_grouped(
    reports: dict[str, Report],
) -> None:
    """The run knows which is which."""
    report = reports["slow_tail"]
    run = run_of([report])
    must = {missing.quantity for missing in run.unmeasured if missing.attempted}
    assert {unknown.quantity for unknown in report.unknowns if unknown.matters} <= must | _known(report)
    assert not re.search("journey", " ".join(must))


def _known(report: Report) -> set[str]:
    return {record.quantity for record in report.evidence if record.kind != "missing"}


def test_what_a_check_calls_unknown_is_owed_beside_a_declared_value_of_the_same_name() -> None:
    """ "0 backups are declared" is no backup: the text says "must be told", and an answer that tells it holds."""
    nothing = Declared(
        subject="system:infra.toml", quantity="backup.declared", value=0, unit="1", as_of=NOW, source="infra.toml"
    )
    unknown = Unknown(
        code="nothing_declared", subject="system:infra.toml", says="Is there data here?", evidence=[nothing.id],
        quantity="backup.declared", why="not_configured", how="declare it", could_be="high",
    )  # fmt: skip
    report = Report(
        run="run_000000000001", job="recovery", as_of=nothing.as_of, verdict="unknown", severity="unknown", because="x",
        coverage=Coverage(planned=1, checked=0, not_checked=[]), findings=[], passes=[], unknowns=[unknown],
        evidence=[nothing], evidence_total=1,
    )  # fmt: skip
    run = run_of([report])
    assert "(backup.declared of system:infra.toml, must be told)" in render_text(report, detail=True)
    assert [(one.quantity, one.attempted) for one in run.unmeasured] == [("backup.declared", True)]
    told = Answer(verdict="unknown", severity="unknown")
    assert any("is unknown" in fault.says for fault in verify(told, run).faults)
    listed = told.model_copy(
        update={"unknowns": (NotKnown(quantity="backup.declared", subject="system:infra.toml", why="not_configured"),)}
    )
    checked = verify(listed, run)
    assert checked.holds and not [note for note in checked.notes if "was measured" in note]
