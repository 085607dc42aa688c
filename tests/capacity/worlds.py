"""Recorded worlds for capacity plans, written by hand: a clock, a host name, files, answers of commands."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra_maintainer.assess.plan import CapacityReport
from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing
from infra_maintainer.evidence.store import Store
from infra_maintainer.system.load import parse_system
from infra_maintainer.tools.capacity import draft_capacity_plan
from infra_maintainer.tools.kit import Kit
from infra_maintainer.world.tape import key_of
from tests.forecast.made_series import Floats

START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday; the made series begin their week there."""


def at_hour(hour: int) -> datetime:
    """The moment `hour` hours after the start."""
    return datetime.fromtimestamp(START.timestamp() + 3600 * hour, UTC)


def write_world(
    folder: Path, now: datetime, files: dict[str, str], calls: list[tuple[str, Any, Any]] | None = None
) -> Path:
    """A world at `now` with files under their absolute path and recorded calls (verb, arguments, result)."""
    folder.mkdir(parents=True)
    about = {"format": 1, "recorded_at": now.isoformat(), "host": "web-1"}
    (folder / "world.json").write_text(json.dumps(about))
    for name, text in files.items():
        path = folder / "files" / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    lines = [json.dumps({"call": key_of(verb, arguments), "result": result}) for verb, arguments, result in calls or []]
    (folder / "calls.jsonl").write_text("\n".join(lines) + "\n" if lines else "")
    return folder


def as_csv(values: Floats, per_hour: int = 1) -> str:
    """Hourly values as lines of ISO time and value, each hour repeated `per_hour` times."""
    step = 3600 // per_hour
    rows = [
        f"{datetime.fromtimestamp(START.timestamp() + 3600 * hour + step * part, UTC).isoformat()},{value:.4f}"
        for hour, value in enumerate(values.tolist())
        for part in range(per_hour)
    ]
    return "time,value\n" + "\n".join(rows) + "\n"


def plan(toml: str, world: Path, store: Path | None = None, **asked: float) -> CapacityReport:
    """The plan for a declared system in a recorded world."""
    kit = Kit(parse_system(toml), Store(store) if store else None, world)
    return draft_capacity_plan(
        kit, kit.world(60.0), [], spike_multiple=asked.get("spike"), horizon_days=asked.get("horizon")
    )


def number(report: CapacityReport, quantity: str, subject: str, stat: str | None = None) -> float:
    """The one value of a quantity in a report's evidence."""
    found = {
        float(each.value)
        for each in report.evidence
        if not isinstance(each, Missing)
        and (each.quantity, each.subject) == (quantity, subject)
        and (stat is None or (isinstance(each, Measured | Derived) and each.stat == stat))
    }
    (value,) = found
    return value


def missing(report: CapacityReport, quantity: str) -> Missing:
    """The one Missing record of a quantity."""
    (found,) = [each for each in report.evidence if isinstance(each, Missing) and each.quantity == quantity]
    return found


def values_by_id(report: CapacityReport) -> dict[str, Measured | Derived | Declared]:
    """Everything known by its id."""
    return {each.id: each for each in report.evidence if not isinstance(each, Missing)}
