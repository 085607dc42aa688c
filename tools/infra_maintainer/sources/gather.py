"""Run sources and keep what they say. A source that fails says why: its failure is evidence too, never silence."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from itertools import chain

from infra_maintainer.evidence.model import Missing, Why, evidence_from
from infra_maintainer.sources.registry import AnyEvidence, Source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.world.failure import WorldError

log = logging.getLogger(__name__)
REST = "source.rest"
NO_SUBJECT = "system:your system"
_FOR_QUIET = 1 / 3  # of the time: sources that measure the machine have it before those that load it begin
LAST_WORDS_S = 0.5  # for sources that notice the end of time by themselves and say what they have


class _Run:
    """One source at work. What it delivered before it failed, or before time ran out, stays."""

    def __init__(self, source: Source, survey: Survey) -> None:
        self.source = source
        self.survey = survey
        self.delivered: list[AnyEvidence] = []
        self.failure: tuple[Why, str, str] | None = None
        self.done: Future[None] = Future()
        self._lock = threading.Lock()
        self._closed = False

    def work(self) -> None:
        """Collect until the source ends. The one place where any exception is caught: it becomes evidence."""
        try:
            for each in self.source.collect(self.survey):
                with self._lock:
                    if self._closed:
                        return
                    self.delivered.append(each)
        except WorldError as error:
            self.failure = (error.why, error.detail, error.how)
        except Exception as error:
            log.error("source %s failed: %s", self.source.name, traceback.format_exc())
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} in source {self.source.name} ({where.name} line {where.lineno})"
            self.failure = (
                "our_bug",
                f"a fault of infra-maintainer, not of your system: {what}",
                "report it with the log",
            )
        finally:
            self.done.set_result(None)

    def close(self) -> None:
        """Take no more evidence: the time is over."""
        with self._lock:
            self._closed = True
            if not self.done.done():
                limit = f"the source {self.source.name} was still working when the time limit was reached"
                self.failure = ("timeout", limit, "ask again with a longer time limit")


def gather(sources: tuple[Source, ...], survey: Survey) -> list[AnyEvidence]:
    """Run every source, at the same time where the world allows, and complete what they owe with Missing.

    A world of ready-made evidence is not looked at: it answers with the records of the kinds that these sources give.
    """
    if survey.world.recorded_evidence is not None:
        kinds = {quantity.partition(".")[0] for each in sources for quantity in (*each.quantities, *each.also, REST)}
        records = map(evidence_from, survey.world.recorded_evidence)
        return [each for each in records if each.quantity.partition(".")[0] in kinds]
    return list(chain.from_iterable(gather_each(sources, survey).values()))


def gather_each(sources: tuple[Source, ...], survey: Survey) -> dict[str, list[AnyEvidence]]:
    """The same of a world that is looked at, by the name of the source."""
    evidence: dict[str, list[AnyEvidence]] = {each.name: [] for each in sources}
    runs: list[tuple[_Run, list[tuple[str | None, str]]]] = []
    for each in sources:
        subjects = each.subjects(survey) if each.subjects else [None]
        if subjects:
            runs.append(
                (_Run(each, survey), [(subject, quantity) for subject in subjects for quantity in each.quantities])
            )
        elif each.configure:
            evidence[each.name] = [_not_configured(each, quantity, survey) for quantity in each.quantities]
    _work([run for run, _ in runs], survey)
    for run, owed in runs:
        evidence[run.source.name] = [*run.delivered, *_what_is_owed(run, owed)]
    return evidence


def _work(runs: list[_Run], survey: Survey) -> None:
    deadline = survey.world.deadline
    if survey.world.sequential:
        for run in runs:
            survey.say(run.source.title)
            run.work()
        return
    # Threads of our own, as daemons: a source stuck in a system call (a dead network mount) must not keep us alive.
    quiet, loud = [run for run in runs if not run.source.disturbs], [run for run in runs if run.source.disturbs]
    _start(quiet)
    enough = deadline.remaining() * (1 - _FOR_QUIET) if loud else 0.0  # one that hangs must not use up all the time
    for run in quiet:
        survey.say(run.source.title)
        _wait(run.done, lambda: deadline.remaining() - enough)
    _start(loud)
    for run in runs:
        if run.source.disturbs:
            survey.say(run.source.title)
        _wait(run.done, deadline.remaining)
    end = time.monotonic() + LAST_WORDS_S
    for run in runs:
        with suppress(TimeoutError):
            run.done.result(timeout=max(0.0, end - time.monotonic()))
        run.close()


def _start(runs: list[_Run]) -> None:
    for run in runs:
        threading.Thread(target=run.work, name=f"source-{run.source.name}", daemon=True).start()


def _wait(done: "Future[None]", remaining: Callable[[], float]) -> None:
    """Wait for a source within the deadline, noticing within a fraction of a second that it was cancelled."""
    while (left := remaining()) > 0:
        with suppress(TimeoutError):
            return done.result(timeout=min(left, 0.2))


def _not_configured(source: Source, quantity: str, survey: Survey) -> Missing:
    return survey.missing(
        quantity,
        "not_configured",
        f"nothing is declared: {source.title.removeprefix('declared ')}",
        source.configure or "",
        source=f"source {source.name}",
        subject=NO_SUBJECT,
    )


def _what_is_owed(run: _Run, owed: list[tuple[str | None, str]]) -> list[Missing]:
    """Missing evidence for each owed quantity that the source delivered neither as a value nor as Missing."""
    exact = {(each.subject, each.quantity) for each in run.delivered}
    anywhere = {each.quantity for each in run.delivered}
    why, detail, how = run.failure or (
        "no_data",
        f"the source {run.source.name} ended without it",
        "look at the source's other evidence",
    )
    lacking = [
        run.survey.missing(quantity, why, detail, how, source=f"source {run.source.name}", subject=subject)
        for subject, quantity in owed
        if (quantity not in anywhere if subject is None else (subject, quantity) not in exact)
    ]
    # Who broke off after all that it owes had more to tell: how much is not known, and that is told instead.
    if why == "our_bug" or (why == "timeout" and not lacking):
        about = f"source:{run.source.name}"
        lacking.append(run.survey.missing(REST, why, detail, how, source=f"source {run.source.name}", subject=about))
    return lacking
