"""A run's results as one JSON object, the same bytes for the same answers, and the comparison of two runs."""

import json
from pathlib import Path
from typing import Any

from infra_maintainer.evals.prose import NOTE
from infra_maintainer.evals.results import (
    Figures,
    Line,
    figures,
    gates,
    holds_as_prose,
    honest,
    prose_figures,
    with_pressure,
)
from infra_maintainer.evals.scenario import Scenario
from infra_maintainer.evals.scorers.registry import scorers
from infra_maintainer.evals.statistics import mcnemar

RESULTS = "results.json"


def data(
    name: str,
    lines: list[Line],
    scheduled: int,
    baselines: dict[str, float],
    suite: list[Scenario],
    *,
    free_text: bool = False,
) -> dict[str, Any]:
    """Everything that the report shows, `free_text` where that was asked for.

    No time of day and no duration: those belong to the log.
    """
    marked = with_pressure(lines)
    found = figures(marked, scheduled)
    abouts = {scenario.id: scenario for scenario in suite}
    prose = prose_figures(marked, scheduled)
    track = {"prose": {**prose._asdict(), "asked": free_text, "note": NOTE}} if free_text or prose.replies else {}
    return {
        **track,
        "subject": name,
        "figures": _figures(found),
        "baselines": baselines,
        "scorers": [{"name": each.name, "kind": each.kind, "asks": each.asks} for each in scorers()],
        "gates": gates(),
        "scenarios": [
            {
                "id": scenario,
                "family": abouts[scenario].family,
                "difficulty": abouts[scenario].difficulty,
                "covers": abouts[scenario].covers,
                "question": abouts[scenario].question,
                "idea": abouts[scenario].provenance.idea,
                "cases": [_case(line) for line in marked if line.scenario == scenario],
            }
            for scenario in sorted({line.scenario for line in marked})
        ],
    }


def _figures(found: Figures) -> dict[str, Any]:
    ran = found.scheduled - found.crashed
    return {
        **found._asdict(),
        "share": found.honest / found.scheduled,
        "share_without_crashes": found.honest / ran if ran else None,
        "pass_power": {str(k): v for k, v in found.pass_power.items()},
    }


def _case(line: Line) -> dict[str, Any]:
    """One case; what stands beside its claims only where it is not honest: that is where people look."""
    told = (
        {}
        if honest(line) or holds_as_prose(line) or not line.beside.verdict
        else {"beside": line.beside.model_dump(mode="json")}
    )
    apart = {"holds_as_prose": holds_as_prose(line)} if line.form == "prose" else {}
    return {
        **told,
        **apart,
        "case": line.case,
        "seed": line.seed,
        "variant": line.variant,
        "repeat": line.repeat,
        "honest": honest(line),
        "form": line.form,
        "failed": dict(sorted(line.failed.items())),
        "said": line.said.model_dump(mode="json"),
    }


def write(folder: Path, content: dict[str, Any]) -> Path:
    """Write results.json. Raises OSError."""
    path = folder / RESULTS
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(folder: Path) -> dict[str, Any]:
    """The results of a run's folder. Raises ValueError when there are none."""
    path = folder / RESULTS
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; make it with: infra-maintainer eval run --out {folder}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    return found


def compare(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Two runs, paired case by case: who is honest where the other is not, and whether that could be chance."""
    if _asks_prose(first) != _asks_prose(second):
        raise ValueError("one run is of free text, the other of structured answers; they are not measured alike")
    a, b = _by_case(first), _by_case(second)
    word = "hold as free text" if _asks_prose(first) else "honest"
    both = sorted(a.keys() & b.keys())
    if not both:
        raise ValueError("the two runs have no case in common; run them over the same scenarios and seeds")
    better = [case for case in both if b[case] and not a[case]]
    worse = [case for case in both if a[case] and not b[case]]
    lines = [
        f"{len(both)} cases in both; {word} in {first['subject']}: {sum(a[c] for c in both)}, "
        f"in {second['subject']}: {sum(b[c] for c in both)}",
        f"only {second['subject']}: {len(better)}; only {first['subject']}: {len(worse)}; "
        f"exact paired p = {mcnemar(len(worse), len(better)):.3g}",
        *(f"  lost  {case}" for case in worse),
        *(f"  won   {case}" for case in better),
    ]
    left = len(a.keys() ^ b.keys())
    return [*lines, f"{left} cases are in only one of the runs and were not compared"] if left else lines


def _by_case(content: dict[str, Any]) -> dict[str, bool]:
    field = "holds_as_prose" if _asks_prose(content) else "honest"
    return {f"{c['case']}#{c['repeat']}": bool(c.get(field)) for s in content["scenarios"] for c in s["cases"]}


def _asks_prose(content: dict[str, Any]) -> bool:
    return bool(content.get("prose", {}).get("asked"))
