"""Packs: what our own agent is shown of a case, as files, for an answerer whom nobody here calls.

A folder holds `instructions.md`, `contract.json`, and for each case a folder of a blind name with `question.txt` and
`replies.txt`. Answers come back as `answer.json` beside them. Nothing of the key is written.
"""

import json
import random
from pathlib import Path

from infra_maintainer.agents.toolbox import Toolbox
from infra_maintainer.answer.contract import contract
from infra_maintainer.assess.model import Job
from infra_maintainer.evals.case import VARIANTS, Case, Variant, blind, build
from infra_maintainer.evals.runner import Plan
from infra_maintainer.evals.scenario import Scenario
from infra_maintainer.prompts.loader import agent
from infra_maintainer.server.build import build_server

ANSWER, QUESTION, REPLIES = "answer.json", "question.txt", "replies.txt"
_TOOLS: dict[Job, str] = {
    "health": "probe_health",
    "capacity": "draft_capacity_plan",
    "costs": "audit_costs",
    "security": "check_security_baseline",
    "recovery": "run_dr_checklist",
}
_FILES = (
    f"\nHere no tool can be called. Each folder is one case of its own: {QUESTION} is the question, {REPLIES} what the "
    f"tools replied. Instead of submitting, write {ANSWER} beside them: one JSON object as contract.json has it.\n"
)
Item = tuple[Scenario, int, Variant]


def choose(suite: list[Scenario], seeds: int, cases: int | None, draw: int) -> list[Item]:
    """All cases in a fixed order, or `cases` of them drawn by the number `draw`, one per scenario while they last."""
    items: list[Item] = [
        (each, seed, variant) for each in suite for seed in range(1, seeds + 1) for variant in VARIANTS
    ]
    if cases is None or cases >= len(items):
        return items
    source = random.Random(draw)
    source.shuffle(items)
    seen: dict[str, int] = {}
    for scenario, _, _ in items:
        seen[scenario.id] = 0
    ranked: list[tuple[int, int, Item]] = []
    for place, item in enumerate(items):
        ranked.append((seen[item[0].id], place, item))
        seen[item[0].id] += 1
    return [item for _, _, item in sorted(ranked, key=lambda each: each[:2])[:cases]]


async def write(items: list[Item], to: Path, scratch: Path) -> list[Path]:
    """One folder per case. Raises ScenarioError, FileExistsError for a folder that holds something."""
    if to.exists() and any(to.iterdir()):
        raise FileExistsError(f"{to} is not empty: give a new folder for the packs")
    to.mkdir(parents=True, exist_ok=True)
    (to / "instructions.md").write_text(agent() + _FILES, encoding="utf-8")
    (to / "contract.json").write_text(json.dumps(contract(), indent=1) + "\n", encoding="utf-8")
    written: list[Path] = []
    for scenario, seed, variant in items:
        case = build(scenario, seed, variant, scratch)
        place = to / blind(scenario.id, seed, variant)
        place.mkdir()
        (place / QUESTION).write_text(f"{case.question}\n", encoding="utf-8")
        (place / REPLIES).write_text(await _replies(case), encoding="utf-8")
        written.append(place)
    return written


async def _replies(case: Case) -> str:
    """What the tools of the case's jobs reply to our agent, one after the other."""
    from mcp import Client

    kit = case.kit()
    async with Client(build_server(kit)) as client:
        toolbox = Toolbox(client, kit, lambda text: None)
        parts = [f"=== {_TOOLS[job]} ===\n{await toolbox.call(_TOOLS[job], {})}\n" for job in case.scenario.jobs]
    return "\n".join(parts)


def only(folder: Path, plan: Plan) -> Plan:
    """The plan of the cases that a folder has packs of. Raises ValueError for a folder without any."""
    there = {each.parent.name for each in folder.glob(f"*/{QUESTION}")}
    names = [(one.id, seed, variant) for one in plan.scenarios for seed in plan.seeds for variant in VARIANTS]
    found = frozenset(name for name in names if blind(*name) in there)
    if not found:
        raise ValueError(f"{folder} holds no pack of this suite: write some with `infra-maintainer eval pack {folder}`")
    return plan._replace(only=found)
