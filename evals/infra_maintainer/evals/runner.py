"""Run a subject over the suite: at the same time, with a limit per case, into a log that a later run continues."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.answer.prose_gates import stated
from infra_maintainer.answer.verify import NotAnAnswer, parse
from infra_maintainer.evals.case import VARIANTS, Case, Variant, build, key_of
from infra_maintainer.evals.marking import Mark, Reply, mark
from infra_maintainer.evals.results import Line, Verdicts
from infra_maintainer.evals.scenario import Scenario
from infra_maintainer.evals.subjects.protocol import Subject

LOG = "log.jsonl"
LOG_OF = "log_of.json"
REPLY_KEPT = 20_000


class Plan(NamedTuple):
    """What is to be run. One (scenario, seed, variant, repeat) each; `only` names the cases where not all are."""

    scenarios: list[Scenario]
    seeds: tuple[int, ...]
    repeats: int = 1
    at_once: int = 4
    limit_s: float = 300.0
    only: frozenset[tuple[str, int, Variant]] | None = None

    def items(self) -> Iterator[tuple[Scenario, int, Variant, int]]:
        """Every case in a fixed order."""
        for scenario in self.scenarios:
            for seed in self.seeds:
                for variant in VARIANTS:
                    if self.only is not None and (scenario.id, seed, variant) not in self.only:
                        continue
                    for repeat in range(self.repeats):
                        yield scenario, seed, variant, repeat

    @property
    def scheduled(self) -> int:
        """How many cases there are."""
        return sum(1 for _ in self.items())


async def run(plan: Plan, subject: Subject, folder: Path, progress: Callable[[int, int], None]) -> list[Line]:
    """Every line of the plan, in its order; those already in the folder's log are not run again.

    Raises ScenarioError for a scenario whose world policy judges otherwise than it says, ValueError for a log of
    another subject or track.
    """
    claim(folder, subject)
    done = read_log(folder)
    gate = asyncio.Semaphore(plan.at_once)
    with (folder / LOG).open("a", encoding="utf-8") as log, tempfile.TemporaryDirectory(prefix="im-eval-") as scratch:

        async def one(scenario: Scenario, seed: int, variant: Variant, repeat: int) -> Line:
            case_name = f"{scenario.id}/{seed}/{variant}#{repeat}"
            if case_name in done:
                return done[case_name]
            async with gate:
                case = build(scenario, seed, variant, Path(scratch) / str(repeat))
                line = await _line(case, repeat, subject, plan.limit_s)
            log.write(line.model_dump_json() + "\n")
            log.flush()
            done[case_name] = line
            progress(len(done), plan.scheduled)
            return line

        return list(await asyncio.gather(*(one(*item) for item in plan.items())))


def claim(folder: Path, subject: Subject) -> None:
    """Make the folder this subject's, on this track. Raises ValueError if its log is another's: they never mix."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOG_OF
    mine = {"subject": subject.name, "track": subject.track, "identity": subject.identity}
    if not path.exists() and not (folder / LOG).exists():
        path.write_text(json.dumps(mine) + "\n", encoding="utf-8")
        return
    try:
        theirs: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        theirs = {}
    if theirs == mine:
        return
    found = f"{theirs['subject']} ({theirs['track']})" if "track" in theirs else "an unknown subject"
    asked = f"{subject.name} ({subject.track})"
    which = "the same name from another command line or address" if found == asked else asked
    raise ValueError(f"{folder} holds the log of {found}, and this run is of {which}: give another folder with --out")


async def _line(case: Case, repeat: int, subject: Subject, limit_s: float) -> Line:
    key = key_of(case)
    try:
        reply = await asyncio.wait_for(subject.reply(case, key), limit_s)
    except TimeoutError:
        reply = Reply("", crashed=f"no answer within {limit_s:g} s")
    except Exception as error:  # a subject is somebody else's program: its crash is a result, shown apart
        reply = Reply("", crashed=f"{type(error).__name__}: {error}"[:300])
    marked: Mark = mark(case, key, reply)
    return Line(
        case=case.name,
        scenario=case.scenario.id,
        family=case.scenario.family,
        seed=case.seed,
        variant=case.variant,
        repeat=repeat,
        form=marked.form,
        failed={name: score.reason for name, score in marked.scores.items() if not score.holds},
        said=_said(reply),
        beside=marked.beside,
        reply=reply.text[:REPLY_KEPT],
    )


def _said(reply: Reply) -> Verdicts:
    try:
        answer = parse(reply.text) if reply.text else None
    except NotAnAnswer:
        answer = None
    if answer is None:
        verdict, severity = stated(reply.text)
        return Verdicts(verdict=verdict or "", severity=severity or "")
    unknowns = tuple(sorted({f"{one.quantity} of {one.subject}" for one in answer.unknowns}))
    return Verdicts(verdict=answer.verdict, severity=answer.severity, unknowns=unknowns)


def read_log(folder: Path) -> dict[str, Line]:
    """The lines of a log by their key; a last line cut off by a kill is left out."""
    path = folder / LOG
    lines: dict[str, Line] = {}
    if not path.exists():
        return lines
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = Line.model_validate(json.loads(text))
        except ValueError:
            continue
        lines[line.key] = line
    return lines
