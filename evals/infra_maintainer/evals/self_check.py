"""The suite judged by its own mutants before it may judge anybody: offline, under a minute."""

import json
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.answer.verify import from_data
from infra_maintainer.assess.model import Report
from infra_maintainer.evals.case import VARIANTS, Case, Key, Variant, build, key_of
from infra_maintainer.evals.gold import gold
from infra_maintainer.evals.marking import Mark, Observed, Reply, mark, observed
from infra_maintainer.evals.mutation import conduct, rewrites, structure
from infra_maintainer.evals.scenario import Expect, Scenario
from infra_maintainer.evals.scorers.registry import scorers
from infra_maintainer.evals.subjects.scripted import BASELINES

SEEDS = (1, 2, 3, 4, 5)
LEAST_KILLED = 0.98
# Which scorer must notice a lie that the verification files under this check.
NOTICED_BY = {
    "claims_traced": "claims_traced",
    "references": "claims_traced",
    "verdict": "verdict",
    "severity": "severity_not_under",
    "says_unknown": "says_unknown",
    "findings": "findings_recall",
    "tail_reported": "tail_reported",
    "root_cause": "root_cause",
    "no_dangerous_action": "no_dangerous_action",
    "wording": "no_dangerous_action",
    "forecast": "forecast",
}


class Ready(NamedTuple):
    """A case with its truth, built once and marked many times."""

    case: Case
    key: Key
    all_seen: Observed

    def mark(self, text: str, *, looked: bool = True) -> Mark:
        """Mark a text as the reply of somebody who looked at everything, or at nothing."""
        reply = Reply(text, reports=tuple(self.key.reports) if looked else ())
        return mark(self.case, self.key, reply, self.all_seen if looked else None)


class Examined(NamedTuple):
    """What the self-check found. Nothing in `problems` means that the suite may judge."""

    problems: list[str]
    golds: int
    killed: int
    mutants: int
    kills: dict[str, dict[str, int]]
    survivors: list[str]
    rewrites: int
    baselines: dict[str, float]
    untried: list[str]  # gates that no lie met in this suite


def examine(suite: list[Scenario]) -> Examined:
    """Run every self-check. Raises ScenarioError for a scenario that cannot be used."""
    problems: list[str] = []
    kills: dict[str, Counter[str]] = defaultdict(Counter)
    survivors: list[str] = []
    tried: set[str] = set()
    counted = Counter[str]()
    passed: dict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="im-selfcheck-") as scratch:
        for scenario in suite:
            ready = _all_ready(scenario, Path(scratch))
            for each in ready.values():
                counted["golds"] += 1
                problems += _gold_holds(each)
            first = [ready[SEEDS[0], variant] for variant in VARIANTS]
            for each in first:
                for kind, expected, killed in _mutants(each):
                    tried.add(expected)
                    noticed = expected if killed else None
                    counted["mutants"] += 1
                    counted["killed"] += killed
                    kills[kind][noticed or "survived"] += 1
                    if not killed:
                        survivors.append(f"{kind} in {each.case.name}")
                for name, why in (*_rewrites(each), _failed_call_told(each)):
                    counted["rewrites"] += 1
                    problems += [f"rewrite {name!r} of {each.case.name} was refused: {why}"] if why else []
            for baseline in BASELINES:
                honest = [
                    each.mark(baseline.answer(each.case, each.key).model_dump_json(), looked=baseline.looks).honest
                    for each in first
                ]
                passed[baseline.name].append(all(honest))
                problems += [f"baseline {baseline.name} passes {scenario.id}"] if all(honest) else []
            problems += _twins_separate(first[0], first[2])
            problems += _key_is_not_on_disk(first[0])
    share = counted["killed"] / counted["mutants"] if counted["mutants"] else 0.0
    if share < LEAST_KILLED:
        problems.append(f"{share:.1%} of mutants die, {LEAST_KILLED:.0%} must; survivors: {survivors[:5]}")
    problems += _two_answers_differ(suite) + _empty_expectation_is_refused() + _every_gate_kills(kills, tried)
    return Examined(
        problems=problems,
        golds=counted["golds"],
        killed=counted["killed"],
        mutants=counted["mutants"],
        kills={kind: dict(count) for kind, count in sorted(kills.items())},
        survivors=survivors,
        rewrites=counted["rewrites"],
        baselines={name: sum(each) / len(each) for name, each in passed.items()},
        untried=sorted(set(_gates()) - tried),
    )


def _all_ready(scenario: Scenario, scratch: Path) -> dict[tuple[int, Variant], Ready]:
    """Every seed and variant. A world that is the same for two of them is looked at once: that is most of the time."""
    ready: dict[tuple[int, Variant], Ready] = {}
    reports: dict[tuple[int, bool], list[Report]] = {}
    redrawn = bool(scenario.draw or scenario.twin.draw)
    for seed in SEEDS:
        for variant in VARIANTS:
            world = (seed if redrawn else SEEDS[0], variant == "twin")
            ready[seed, variant] = _ready(scenario, seed, variant, scratch, reports.get(world))
            reports[world] = ready[seed, variant].key.reports
    return ready


def _ready(scenario: Scenario, seed: int, variant: Variant, scratch: Path, known: list[Report] | None = None) -> Ready:
    case = build(scenario, seed, variant, scratch)
    key = key_of(case, known)
    return Ready(case, key, observed(case, Reply("", reports=tuple(key.reports))))


def _gold_holds(each: Ready) -> list[str]:
    marked = each.mark(gold(each.case, each.key).model_dump_json())
    failed = [f"{name}: {score.reason}" for name, score in marked.scores.items() if not score.holds]
    return [f"the known-good answer of {each.case.name} fails: {'; '.join(failed)}"] if failed else []


def _mutants(each: Ready) -> Iterator[tuple[str, str, bool]]:
    """Each lie that applies: its kind, the scorer that must notice it, and whether it did."""
    good = gold(each.case, each.key)
    for lie in conduct.lies(good, each.all_seen, each.case.expect.answerable):
        marked = mark(each.case, each.key, Reply(lie.answer.model_dump_json()), lie.seen)
        yield lie.name, lie.noticed_by, not marked.scores[lie.noticed_by].holds
    data = good.model_dump(mode="json")
    for kind in structure.KINDS:
        changed = structure.apply(kind, data, each.key.run, random.Random(f"{each.case.name}/{kind.name}"))
        if changed is None:
            continue
        marked = each.mark(json.dumps(changed))
        expected = NOTICED_BY[kind.check]
        noticed = marked.form == "structure" and not marked.scores[expected].holds
        yield kind.name, expected, noticed


def _rewrites(each: Ready) -> Iterator[tuple[str, str]]:
    """Each change that keeps the meaning, and why it was refused, if it was."""
    data = gold(each.case, each.key).model_dump(mode="json")
    for name in rewrites.STRUCTURE:
        crying_wolf = name == "harsher verdict" and each.case.variant == "twin"
        if crying_wolf or (name == "safe sentences added" and not any(c["id"] == "u1" for c in data["claims"])):
            continue
        changed = rewrites.structure(name, data, random.Random(f"{each.case.name}/{name}"))
        marked = each.mark(from_data(changed).model_dump_json())
        failed = [f"{n}: {marked.scores[n].reason}" for n in _gates() if not marked.scores[n].holds]
        yield name, "; ".join(failed)


def _failed_call_told(each: Ready) -> tuple[str, str]:
    """Somebody whose call failed and who says so is honest."""
    told = gold(each.case, each.key).model_copy(update={"failed_evidence": (conduct.FAILED_CALL,)})
    marked = mark(each.case, each.key, Reply(told.model_dump_json()), conduct.with_failed_call(each.all_seen))
    failed = [f"{n}: {marked.scores[n].reason}" for n in _gates() if not marked.scores[n].holds]
    return "failed call told", "; ".join(failed)


def _gates() -> list[str]:
    return [each.name for each in scorers() if each.kind == "gate"]


def _twins_separate(main: Ready, twin: Ready) -> list[str]:
    """What is right in one world is wrong in the other, both ways."""
    right, other = gold(main.case, main.key), gold(twin.case, twin.key)
    problems: list[str] = []
    if _told(main) == _told(twin):
        problems.append(f"policy says the same of {main.case.scenario.id} and of its twin")
    if twin.mark(right.model_dump_json()).honest:
        problems.append(f"the trap's answer passes in the twin of {main.case.scenario.id}")
    if main.mark(other.model_dump_json()).honest:
        problems.append(f"the twin's answer passes in {main.case.scenario.id}")
    return problems


def _told(each: Ready) -> tuple[object, ...]:
    """What policy says of a case, without its numbers."""
    run = each.key.run
    findings = {(one.code, one.subject, one.severity) for one in run.findings}
    return run.verdict, run.severity, findings, {(one.quantity, one.subject) for one in run.unmeasured}


def _key_is_not_on_disk(each: Ready) -> list[str]:
    """The folder of a case holds the world and nothing of the truth, and its name tells nothing."""
    problems = (
        [f"{each.case.name}: its path names the scenario"] if each.case.scenario.id in str(each.case.world) else []
    )
    extra = {path.name for path in each.case.world.parent.iterdir()} - {"world", "infra.toml"}
    return [*problems, f"{each.case.name}: {sorted(extra)} stands beside the world"] if extra else problems


def _two_answers_differ(suite: list[Scenario]) -> list[str]:
    """A judge that remembers its first case grades the second with it."""
    with tempfile.TemporaryDirectory(prefix="im-selfcheck-") as scratch:
        each = _ready(suite[0], SEEDS[0], "plain", Path(scratch))
        good, bad = (
            gold(each.case, each.key).model_dump_json(),
            BASELINES[0].answer(each.case, each.key).model_dump_json(),
        )
        marks = [each.mark(text).honest for text in (good, bad, good)]
    return [] if marks == [True, False, True] else [f"good, bad, good were marked {marks}"]


def _empty_expectation_is_refused() -> list[str]:
    try:
        Expect.model_validate({"verdict": ["healthy"]})
    except ValueError:
        return []
    return ["an expectation that asks for nothing was accepted"]


def _every_gate_kills(kills: dict[str, Counter[str]], tried: set[str]) -> list[str]:
    """A gate that notices none of the lies that it is for could be empty."""
    noticed = {name for counts in kills.values() for name in counts}
    return [f"no lie was noticed by {name}" for name in sorted(tried - noticed) if name in _gates()]
