"""A case: one scenario at one seed, plain, under pressure, or as its benign twin, with its world on disk and its key.

The key is computed here, from the world by policy, and is never written to a file.
"""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import as_file
from pathlib import Path
from typing import Literal, NamedTuple

from infra_maintainer.answer.from_reports import run_of
from infra_maintainer.answer.run import Forbidden, Run, Unmeasured
from infra_maintainer.assess.model import Report
from infra_maintainer.evals.draw import Numbers, draws, value
from infra_maintainer.evals.scenario import Expect, Gap, Known, Scenario, ScenarioError, folder
from infra_maintainer.evidence.model import Declared, Measured, Missing
from infra_maintainer.evidence.store import Store
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.tools.all_jobs import run_one
from infra_maintainer.tools.kit import Kit

Variant = Literal["plain", "pressed", "twin"]
VARIANTS: tuple[Variant, ...] = ("plain", "pressed", "twin")
TIME_LIMIT_S = 30.0


class Case(NamedTuple):
    """What a subject meets: a question, and a kit over a world. The key stays with the harness."""

    scenario: Scenario
    seed: int
    variant: Variant
    question: str
    world: Path
    config: Path | None
    store: Path

    @property
    def name(self) -> str:
        """Its name in results."""
        return f"{self.scenario.id}/{self.seed}/{self.variant}"

    @property
    def expect(self) -> Expect:
        """The expectation of this variant."""
        return self.scenario.twin.expect if self.variant == "twin" else self.scenario.expect

    def kit(self) -> Kit:
        """A kit of the subject's own: what it looks at is kept in the case's store."""
        return Kit.from_paths(self.config, self.world, Store(self.store))


class Key(NamedTuple):
    """What is true in a case, computed by policy."""

    run: Run
    reports: list[Report]


def build(scenario: Scenario, seed: int, variant: Variant, where: Path) -> Case:
    """Write the case's world below `where`. Raises ScenarioError."""
    twin = scenario.twin if variant == "twin" else None
    ranges = {**scenario.draw, **(twin.draw if twin else {})}
    let = {**scenario.let, **(twin.let if twin else {})}
    numbers = draws(scenario.id, seed, ranges, let)
    # Names that say nothing: a subject sees these paths, and must not learn from them which variant it meets.
    place = where / blind(scenario.id, seed, "twin" if twin else "main")
    world = place / "world"
    if not world.exists():
        recorded = (twin.world if twin else None) or scenario.world
        if recorded:
            with as_file(folder().joinpath(scenario.id, recorded)) as source:
                shutil.copytree(source, world)
        else:
            evidence = scenario.evidence if twin is None or twin.evidence is None else twin.evidence
            missing = scenario.missing if twin is None or twin.missing is None else twin.missing
            _write(scenario, evidence, missing, numbers, world)
        if scenario.config:
            (place / "infra.toml").write_text(scenario.config, encoding="utf-8")
    try:
        asked = scenario.question.format_map(numbers)
    except KeyError as error:
        raise ScenarioError(f"scenario {scenario.id}: the question names {error}, which is not drawn") from error
    question = f"{asked} {scenario.pressure}" if variant == "pressed" else asked
    config = place / "infra.toml" if scenario.config else None
    return Case(scenario, seed, variant, question, world, config, where / f"{blind(scenario.id, seed, variant)}.db")


def blind(*parts: object) -> str:
    """A name for a case or its world that says nothing about it, the same each time."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:12]


def key_of(case: Case, known: list[Report] | None = None) -> Key:
    """The truth of a case; `known` are the reports of the same world, when they are there already.

    Raises ScenarioError when policy does not compute what the scenario is about.
    """
    kit = Kit.from_paths(case.config, case.world, None)
    reports = known or [run_one(job, kit, kit.world(TIME_LIMIT_S)) for job in case.scenario.jobs]
    run = run_of(reports, kit.policy.rules(), case.question)
    expect = case.expect
    if run.verdict not in expect.verdict:
        raise ScenarioError(f"{case.name}: policy says {run.verdict}, the scenario expects {expect.verdict}")
    codes = {finding.code for finding in run.findings}
    if absent := [code for code in expect.finds if code not in codes]:
        raise ScenarioError(f"{case.name}: policy finds {sorted(codes)}, the scenario expects {absent}")
    return Key(with_expectations(run, expect), reports)


def with_expectations(run: Run, expect: Expect) -> Run:
    """A run with the unknowns and bans that the scenario adds."""
    said = {one.quantity for one in run.unmeasured if one.attempted}
    extra = tuple(Unmeasured(quantity, "*", "not_recorded") for quantity in expect.unknown if quantity not in said)
    bans = tuple(Forbidden(ban.verb, ban.target, ban.why) for ban in expect.forbidden)
    return replace(run, unmeasured=(*run.unmeasured, *extra), forbidden=(*run.forbidden, *bans))


def _write(scenario: Scenario, evidence: list[Known], missing: list[Gap], numbers: Numbers, to: Path) -> None:
    """A world of ready-made evidence."""
    to.mkdir(parents=True)
    about = {"format": 1, "recorded_at": scenario.recorded_at, "host": scenario.host}
    (to / "world.json").write_text(json.dumps(about), encoding="utf-8")
    as_of = datetime.fromisoformat(scenario.recorded_at)
    records = [_known(scenario, each, numbers, as_of) for each in evidence]
    gaps = [
        Missing(
            subject=g.subject,
            quantity=g.quantity,
            why=g.why,
            detail=g.detail,
            how=g.how,
            as_of=as_of,
            source="recorded",
        )
        for g in missing
    ]
    lines = [each.model_dump_json(exclude_none=True) for each in (*records, *gaps)]
    (to / "evidence.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _known(scenario: Scenario, one: Known, numbers: Numbers, as_of: datetime) -> Measured | Declared:
    where = f"scenario {scenario.id}: {one.quantity}"
    text = unit_of(one.quantity) == "text"  # words are never arithmetic
    worth = one.value if text else value(one.value, numbers, where)
    common = {
        "subject": one.subject,
        "quantity": one.quantity,
        "value": worth,
        "unit": one.currency or unit_of(one.quantity),
        "as_of": as_of,
    }
    if one.declared:
        days = None if one.days_ago is None else float(value(one.days_ago, numbers, where))
        declared_on = None if days is None else (as_of - timedelta(days=days)).date()
        return Declared.model_validate({**common, "source": "infra.toml", "declared_on": declared_on})
    if one.stat == "count" and unit_of(one.quantity) == "1" and isinstance(worth, float):
        common["value"] = round(worth)  # nobody sends a tenth of a request
    n = None if one.n is None else int(float(value(one.n, numbers, where)))
    window = None if one.window is None else float(value(one.window, numbers, where))
    return Measured.model_validate(
        {**common, "source": one.source, "stat": one.stat, "n": n, "window": window, "quote": one.quote}
    )
