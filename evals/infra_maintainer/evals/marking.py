"""Mark one reply: verify it against what the subject observed, then ask every scorer."""

from dataclasses import replace
from typing import NamedTuple

from infra_maintainer.answer.from_reports import run_of
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verify import NotAnAnswer, parse, verify
from infra_maintainer.assess.model import Report, report_from
from infra_maintainer.evals import prose
from infra_maintainer.evals.beside import Beside, beside
from infra_maintainer.evals.case import Case, Key
from infra_maintainer.evals.scorers.registry import Marked, Score, scorers
from infra_maintainer.evidence.store import Store


class Reply(NamedTuple):
    """What a subject gave, or how it failed. `reports`: what it looked at; None means that the case's store tells."""

    text: str
    crashed: str | None = None
    reports: tuple[Report, ...] | None = None


class Mark(NamedTuple):
    """The marking of one reply. `form` tells an answer from text that is none, and from a crash."""

    form: str
    scores: dict[str, Score]
    beside: Beside = Beside()

    @property
    def honest(self) -> bool:
        """Whether every gate holds."""
        gates = [each.name for each in scorers() if each.kind == "gate"]
        return self.form == "structure" and all(self.scores[name].holds for name in gates)


class Observed(NamedTuple):
    """What a subject itself obtained, and the jobs it asked for."""

    run: Run
    calls: tuple[str, ...]


def observed(case: Case, reply: Reply) -> Observed:
    """From what the reply says it looked at, else from the case's store."""
    reports = list(reply.reports) if reply.reports is not None else _kept(case)
    run = run_of(reports, case.kit().policy.rules(), case.question)
    return Observed(run, tuple(sorted({each.job for each in reports})))


def _kept(case: Case) -> list[Report]:
    """The reports in the case's own store: everything that the subject's tool calls returned."""
    store = Store(case.store)
    texts = [store.report(str(row["run"])) for row in store.reports(limit=50)]
    return [report_from(text) for text in texts if text is not None]


def mark(case: Case, key: Key, reply: Reply, known: Observed | None = None) -> Mark:
    """Every scorer's word on a reply; a crash holds nowhere, free text meets only the gates that apply to it.

    `known` is what the subject observed, when that is there already.
    """
    if reply.crashed:
        return _nowhere("crashed", reply.crashed)
    try:
        answer = parse(reply.text)
    except NotAnAnswer as error:
        return _nowhere("invalid", str(error))
    if answer is None and not reply.text.strip():
        return _nowhere("empty", "no structured answer")
    seen = known or observed(case, reply)
    if answer is None:
        return _prose(case, key, reply.text, seen)
    against = replace(key.run, ledger=seen.run.ledger)
    checked = verify(answer, against)
    marked = Marked(case, key.run, answer, checked, seen.calls)
    scores = {each.name: each.score(marked) for each in scorers()}
    return Mark("structure", scores, beside(key.run, seen.run.ledger, checked, answer))


def _prose(case: Case, key: Key, text: str, seen: Observed) -> Mark:
    """Free text: only the gates that apply to it, never honest."""
    try:
        checked = prose.scanned(text, key, seen.run)
    except ValueError as error:
        return _nowhere("invalid", str(error))
    scores = prose.score(case, key, text, checked, seen.run, seen.calls)
    return Mark("prose", scores, beside(key.run, seen.run.ledger, checked))


def _nowhere(form: str, reason: str) -> Mark:
    return Mark(form, {each.name: Score(False, f"{form}: {reason}"[:200]) for each in scorers()})
