"""What the tests of the whole job share: a report over a text of infra.toml, and records of drills."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from infra_maintainer.assess.model import Finding, Pass, Report, Unknown
from infra_maintainer.drill.ledger import NAME
from infra_maintainer.drill.record import DrillRecord, Issue
from infra_maintainer.evidence.store import Store
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.kit import Kit
from infra_maintainer.tools.recovery import run_dr_checklist

Outcome = TypeVar("Outcome", Finding, Pass, Unknown)
NOW = datetime.now(UTC)


def report_on(toml: str, store: Store | None = None) -> Report:
    """The recovery report on this machine with that infra.toml."""
    kit = Kit(parse_system(toml), store)
    return run_dr_checklist(kit, kit.world(120), [])


def declared(name: str, kind: str, place: Path, **more: object) -> str:
    """A [[backup]] section."""
    lines = [f'name = "{name}"', f'kind = "{kind}"', f'place = "{place}"']
    lines += [f"{key} = {value!r}".replace("'", '"') for key, value in more.items()]
    return "\n".join(["[[backup]]", *lines, ""])


def findings(report: Report) -> dict[str, str]:
    """Severity by code of every finding."""
    return {finding.code: finding.severity for finding in report.findings}


def one(report: Report, code: str, kind: type[Outcome]) -> Outcome:
    """The only outcome of a code and a kind."""
    (found,) = [
        each
        for each in (*report.findings, *report.passes, *report.unknowns)
        if each.code == code and isinstance(each, kind)
    ]
    return found


def kept(store: Store, *records: DrillRecord) -> Store:
    """The store with these drills in its ledger."""
    for record in records:
        store.append(NAME, record.at, record.model_dump_json())
    return store


def drill(days_ago: float, *, passed: bool = True, seconds: float = 20.0, **more: object) -> DrillRecord:
    """A drill of the backup `orders`, validated."""
    fixed: dict[str, object] = {
        "id": f"d{days_ago:g}",
        "at": NOW - timedelta(days=days_ago),
        "backup": "orders",
        "kind": "restic",
        "protects": "orders",
        "phases": {"fetch": 1.0, "restore": seconds - 1.0},
        "level": 5,
        "result": "passed" if passed else "failed",
        "issues": () if passed else (Issue(code="restore-errors", detail="3 errors"),),
        "completeness": "exact" if passed else "differs",
        "observed_seconds": seconds,
    }
    return DrillRecord.model_validate({**fixed, **more})
