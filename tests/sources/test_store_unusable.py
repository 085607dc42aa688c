"""A store that cannot be used costs what only history knows, and nothing of what is measured now."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.model import JOBS, Job, Report
from infra_maintainer.assess.policy import Policy
from infra_maintainer.drill.record import DrillRecord
from infra_maintainer.evidence.model import Missing
from infra_maintainer.evidence.store import Store
from infra_maintainer.sources.gather import gather, gather_each
from infra_maintainer.sources.registry import AnyEvidence, Source, sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.load import parse_system
from infra_maintainer.system.system import System
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.run import run_job
from infra_maintainer.world.world import LiveWorld
from tests.logs.logbook import Hit, write
from tests.recovery.checklist import drill
from tests.sources.test_access_log import FORMAT

HISTORICAL = {"traffic.latency.normal", "drill.count", "drill.age", "availability.best", "forecast.history"}


def unusable(folder: Path) -> list[Store]:
    """A place that no file can be in, a folder, and a file that is no database."""
    text = folder / "text.db"
    text.write_text("these are a user's notes\n")
    return [Store(Path("/proc/nope/x.db")), Store(folder), Store(text)]


def shop(folder: Path) -> System:
    """A log in which two of three requests fail, a backup, an address that nobody serves, and a priced machine."""
    log = write(folder / "a.log", [Hit("/cart", status=502 if n % 3 else 200, minute=n % 60) for n in range(400)])
    return parse_system(
        f'[[access_log]]\nname = "shop"\npath = "{log}"\nformat = \'{FORMAT}\'\n'
        f'[[backup]]\nname = "orders"\nkind = "restic"\nplace = "{folder}/repository"\n'
        '[[endpoint]]\nurl = "http://127.0.0.1:9/"\n'
        '[machine]\nprice = 20.0\ncurrency = "EUR"\n'
    )


def touching_history(job: Job) -> tuple[Source, ...]:
    """The sources of a job that read what earlier runs kept."""
    names = (
        "access_log", "availability", "drill_ledger", "exact_run", "load_history", "machine_plan", "security_patches",
        "sustained",
    )  # fmt: skip
    return tuple(each for each in sources_for(job) if each.name in names)


def pairs(evidence: list[AnyEvidence]) -> set[tuple[str, str]]:
    """What was planned."""
    return {(each.subject, each.quantity) for each in evidence}


@pytest.mark.parametrize("job", JOBS)
def test_every_source_tells_the_same_as_with_an_empty_store(job: Job, tmp_path: Path) -> None:
    """A source that breaks off loses what it had yet to tell, and the plan shrinks with it."""
    system = shop(tmp_path)
    good = gather(touching_history(job), Survey(LiveWorld(60), system, history=Store(tmp_path / "good" / "x.db")))
    for store in unusable(tmp_path)[: 1 if job == "security" else 3]:  # the pending fixes of a machine take seconds
        bad = gather(touching_history(job), Survey(LiveWorld(60), system, history=store))
        assert pairs(bad) >= pairs(good)
        assert not [each for each in bad if isinstance(each, Missing) and each.why == "our_bug"]
        lost = pairs([e for e in good if not isinstance(e, Missing)]) - pairs(
            [e for e in bad if not isinstance(e, Missing)]
        )
        assert {quantity for _, quantity in lost} <= HISTORICAL
        told = {each.quantity for each in bad if isinstance(each, Missing) and "cannot be used" in each.detail}
        if job in ("health", "recovery", "security"):
            assert told & HISTORICAL


def test_a_log_is_judged_alike_with_and_without_a_store(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The whole job: the same findings about users, the reason why normal is unknown, no traceback, a note."""
    system = shop(tmp_path).model_copy(update={"endpoint": [], "backup": []})

    def of_users(report: Report) -> set[tuple[str, str, str]]:
        return {(f.code, f.subject, f.severity) for f in report.findings if ":shop" in f.subject}

    kit = Kit(system, None)
    expected = of_users(run_job("health", kit, kit.world(60), users_first=True))
    assert {severity for _, _, severity in expected} >= {"critical"}
    for store in unusable(tmp_path):
        kit = Kit(system, store)
        report = run_job("health", kit, kit.world(60), users_first=True)
        assert (of_users(report), report.verdict) == (expected, "critical")
        (normal,) = [each for each in report.unknowns if each.code == "slower_than_normal"]
        assert str(store.path) in normal.detail and "cannot be used" in normal.detail
        assert any(str(store.path) in note for note in report.notes)
    assert "Traceback" not in caplog.text + capfd.readouterr().err
    assert (tmp_path / "text.db").read_text() == "these are a user's notes\n"


def test_drills_in_a_ledger_that_cannot_be_read_are_unknown_and_never_none(tmp_path: Path) -> None:
    """Not "never tested"; and the drill of this very run is told all the same."""
    system = shop(tmp_path)

    def judged(job: Job, store: Store, *drills: DrillRecord) -> Report:
        options = {"drills": [each.model_dump_json() for each in drills]}
        ledger = tuple(each for each in touching_history(job) if each.name == "drill_ledger")
        evidence = gather(ledger, Survey(LiveWorld(60), system, history=store, options=options))
        return assess(evidence, Policy(), job, datetime.now(UTC))

    for store in unusable(tmp_path):
        without = judged("recovery", store)
        assert "never_tested" not in {each.code for each in without.findings}
        (unknown,) = [each for each in without.unknowns if each.code == "never_tested"]
        assert "cannot be used" in unknown.detail and unknown.matters
        now = judged("recovery", store, drill(0.0))
        (passed,) = [each for each in now.passes if each.code == "drill_passed"]
        assert "how many succeeded before it is not known" in passed.says
        counted = [each for each in now.evidence if each.quantity in ("drill.count", "drill.lower_bound")]
        assert [each.kind for each in counted] == ["missing"]
        assert "restore_untested" not in {each.code for each in judged("security", store).findings}


def test_a_source_that_breaks_off_after_all_that_it_owes_is_told_as_ours() -> None:
    """It delivered what it owes and then failed: before, that was complete silence."""

    def breaks(survey: Survey) -> Iterator[AnyEvidence]:
        yield survey.measured("cpu.utilisation", 0.1, source="test")
        raise RuntimeError("hunter2")

    def whole(survey: Survey) -> Iterator[AnyEvidence]:
        yield survey.measured("memory.used", 10.0, source="test")

    sources = (
        Source("breaks", "b", ("health",), ("cpu.utilisation",), (), breaks, None, None),
        Source("whole", "w", ("health",), ("memory.used",), (), whole, None, None),
    )
    evidence = gather_each(sources, Survey(LiveWorld(10), System()))
    assert [each.quantity for each in evidence["whole"]] == ["memory.used"]
    assert [each.quantity for each in evidence["breaks"]] == ["cpu.utilisation", "source.rest"]
    report = assess([e for each in evidence.values() for e in each], Policy(), "health", datetime.now(UTC))
    (unknown,) = [each for each in report.unknowns if each.code == "source_broke_off"]
    assert (unknown.subject, unknown.why) == ("source:breaks", "our_bug") and unknown.matters
    assert "breaks broke off by a fault of infra-maintainer" in unknown.says
    assert "hunter2" not in report.model_dump_json() and report.coverage.checked < report.coverage.planned
    assert report.verdict == "unknown" and "source breaks" in report.because
