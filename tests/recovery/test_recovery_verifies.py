"""Every number of the checklist and of the recovery plan passes our own verify_answer."""

from pathlib import Path

import pytest

from infra_maintainer.answer.verify import verify
from infra_maintainer.assess.model import Report
from infra_maintainer.evidence.store import Store
from infra_maintainer.report.recovery_plan import render_plan
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.verify import run_for
from tests.recovery.checklist import declared, drill, kept, report_on
from tests.recovery.test_backup_findings import changed
from tests.recovery.test_cut_sets import shop
from tests.recovery.test_plan_parts import RUNBOOK


def unproved(report: Report, toml: str) -> list[tuple[str, str]]:
    """Numbers of the report's sentences and of the plan that the evidence does not carry."""
    said = [each.says for each in [*report.findings, *report.passes, *report.unknowns]]
    text = "\n".join(f"- {each}" for each in said) + "\n" + render_plan(report)
    found = verify(text, run_for(Kit(parse_system(toml), None), [report]))
    return [(each.text, each.says) for each in found.numbers if each.status in ("unsupported", "contradicted")]


@pytest.mark.parametrize("history", ["none", "passed", "failed", "slow"])
def test_nothing_the_checklist_says_is_unsupported_or_contradicted(tmp_path: Path, history: str) -> None:
    """One free text of all sentences, scanned as an answer of a stranger would be."""
    records = {
        "none": (),
        "passed": tuple(drill(days) for days in (200, 100, 50, 3)),
        "failed": (drill(100), drill(2, passed=False)),
        "slow": (drill(9, seconds=9000), drill(100.5, seconds=33)),
    }[history]
    changed(tmp_path / "nightly", "x")
    (tmp_path / "nightly" / "orders.dump").write_bytes(b"PGDMP" * 1000)
    (tmp_path / "orders.md").write_text(RUNBOOK)
    toml = declared("orders", "dump", tmp_path / "nightly", rto_h=2, retention_days=30, data_path=str(tmp_path))
    toml += f'[[runbook]]\nname = "orders"\nfile = "{tmp_path}/orders.md"\n[[dataset]]\nname = "uploads"\n' + shop()
    assert unproved(report_on(toml, kept(Store(tmp_path / "s.db"), *records)), toml) == []


def test_nothing_is_unsupported_where_nothing_is_declared() -> None:
    """The question too."""
    assert unproved(report_on(""), "") == []
