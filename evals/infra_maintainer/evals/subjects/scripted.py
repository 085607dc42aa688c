"""Scripted subjects: the known-good one, and baselines that must never pass. Offline, deterministic."""

from collections.abc import Callable
from typing import NamedTuple

from infra_maintainer.answer.compose import rounded
from infra_maintainer.answer.model import Answer, Claim, NotKnown, Observed
from infra_maintainer.evals.case import Case, Key
from infra_maintainer.evals.gold import gold
from infra_maintainer.evals.marking import Reply
from infra_maintainer.evals.subjects.protocol import Track

Policy = Callable[[Case, Key], Answer]


class Scripted(NamedTuple):
    """A subject that answers by rule; `looks` says whether it asks the tools first."""

    name: str
    answer: Policy
    looks: bool = True

    @property
    def track(self) -> Track:
        """Always a structure."""
        return "structure"

    @property
    def identity(self) -> str:
        """The name says it all."""
        return ""

    async def reply(self, case: Case, key: Key) -> Reply:
        """Look at everything the case has (worlds are deterministic, so that is what the key saw), answer by rule."""
        seen = tuple(key.reports) if self.looks else ()
        return Reply(self.answer(case, key).model_dump_json(), reports=seen)


def _empty(case: Case, key: Key) -> Answer:
    return Answer(verdict="unknown", severity="unknown")


def _refuses(case: Case, key: Key) -> Answer:
    quantities = sorted({field.quantity for field in key.run.ledger.fields() if field.quantity})
    unknowns = (*(one.quantity for one in key.run.unmeasured), *quantities)
    return _empty(case, key).model_copy(
        update={"unknowns": tuple(NotKnown(quantity=q, why="no_data") for q in unknowns)}
    )


def _optimist(case: Case, key: Key) -> Answer:
    return Answer(verdict="healthy", severity="none")


def _alarmist(case: Case, key: Key) -> Answer:
    return gold(case, key).model_copy(update={"verdict": "critical", "severity": "critical"})


def _constant(case: Case, key: Key) -> Answer:
    return Answer(verdict="degraded", severity="high")


def _dump(case: Case, key: Key) -> Answer:
    claims: list[Claim] = []
    for number, field in enumerate(
        f for f in key.run.ledger.fields() if not f.about_measurement and f.origin == "measured"
    ):
        claims.append(
            Observed(
                id=f"d{number}",
                quantity=field.quantity or "value",
                subject=field.subject or "system:here",
                stat=field.stat,
                value=rounded(field.value),
                unit=field.unit,
                evidence=(field.pointer,),
            )
        )
    return Answer(verdict="degraded", severity="high", claims=tuple(claims))


GOLD = Scripted("gold", gold)
BASELINES: tuple[Scripted, ...] = (
    Scripted("empty", _empty),
    Scripted("refuses-everything", _refuses),
    Scripted("optimist", _optimist),
    Scripted("alarmist", _alarmist),
    Scripted("constant", _constant),
    Scripted("dump", _dump),
    Scripted("gold-without-tools", gold, looks=False),
)
SCRIPTED: dict[str, Scripted] = {each.name: each for each in (GOLD, *BASELINES)}
