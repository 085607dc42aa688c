"""A machine written by hand: kernel files at one moment and at the next, replayed as a recorded world."""

import json
from pathlib import Path

from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import all_sources
from infra_maintainer.sources.survey import History, Survey
from infra_maintainer.system.system import System
from infra_maintainer.world.recorded import RecordedWorld
from infra_maintainer.world.tape import key_of
from infra_maintainer.world.world import World

AnyEvidence = Measured | Derived | Declared | Missing
NOT_HERE = {"why": "not_supported", "detail": "it does not exist here", "how": "nothing to do"}
Text = str | list[str]


def machine(
    folder: Path,
    files: dict[str, Text],
    *,
    folders: dict[str, list[str]] | None = None,
    absent: tuple[str, ...] = (),
    runs: dict[tuple[str, ...], tuple[str, str, int]] | None = None,
    cpus: int = 4,
) -> World:
    """A recorded world. A list of texts is what successive reads of one file give; `absent` does not exist there."""
    calls: list[dict[str, object]] = [{"call": key_of("snapshot", ["usable_cpus", ""]), "result": cpus}]
    for path, texts in files.items():
        for text in [texts] if isinstance(texts, str) else texts:
            calls.append({"call": key_of("read", [path]), "result": text})
    for path, names in (folders or {}).items():
        calls.append({"call": key_of("list", [path]), "result": names})
    for path in absent:
        for verb in ("read", "list"):
            calls.append({"call": key_of(verb, [path]), "error": NOT_HERE})
    for command, (stdout, stderr, code) in (runs or {}).items():
        outcome = {"stdout": stdout, "stderr": stderr, "code": code}
        calls.append({"call": key_of("run", list(command)), "result": outcome})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calls.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls), encoding="utf-8")
    about = {"format": 1, "recorded_at": "2026-11-24T12:00:00+00:00", "host": "h"}
    (folder / "world.json").write_text(json.dumps(about), encoding="utf-8")
    return RecordedWorld(folder)


def evidence_of(world: World, *names: str, history: History | None = None) -> list[AnyEvidence]:
    """What some sources say about a world."""
    chosen = tuple(each for each in all_sources() if each.name in names)
    assert len(chosen) == len(names)
    return gather(chosen, Survey(world, System(), history=history))


def value(evidence: list[AnyEvidence], quantity: str, subject: str | None = None, stat: str | None = None) -> float:
    """The one number of a quantity."""
    (found,) = (
        each
        for each in evidence
        if each.quantity == quantity
        and (subject is None or each.subject == subject)
        and (stat is None or getattr(each, "stat", None) == stat)
    )
    assert not isinstance(found, Missing), found
    return float(found.value)


def gap(evidence: list[AnyEvidence], quantity: str) -> Missing:
    """The one Missing of a quantity."""
    (found,) = (each for each in evidence if each.quantity == quantity)
    assert isinstance(found, Missing), found
    return found
