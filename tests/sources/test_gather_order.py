"""What takes whole cores begins when the machine has been measured, so that a report does not find its own load."""

import threading
import time
from collections.abc import Iterator

from infra_maintainer.evidence.model import Missing
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.registry import AnyEvidence, Collect, Source, all_sources
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.system import System
from infra_maintainer.world.world import LiveWorld


def a_source(name: str, collect: Collect, *, disturbs: bool = False) -> Source:
    """A source that owes one quantity."""
    return Source(name, name, ("health",), ("cpu.utilisation",), (), collect, None, None, disturbs)


def test_a_source_that_loads_the_machine_begins_when_the_others_have_measured_it() -> None:
    """Listed first or not; and those that only wait still wait at the same time."""
    order: list[str] = []
    together = threading.Barrier(2)

    def wait(survey: Survey) -> Iterator[AnyEvidence]:
        together.wait(timeout=5)
        time.sleep(0.2)
        order.append("measured")
        yield survey.measured("cpu.utilisation", 0.1, source="test")

    def load(survey: Survey) -> Iterator[AnyEvidence]:
        order.append("loaded")
        yield survey.measured("cpu.utilisation", 0.1, source="test")

    sources = (a_source("a", load, disturbs=True), a_source("b", wait), a_source("c", wait))
    evidence = gather(sources, Survey(LiveWorld(30), System()))
    assert order == ["measured", "measured", "loaded"] and len(evidence) == 3


def test_one_that_hangs_does_not_keep_the_others_from_their_turn() -> None:
    """A dead network mount: the log is read all the same, within the limit, and the hanging one is told."""
    ends = threading.Event()

    def hang(_: Survey) -> Iterator[AnyEvidence]:
        ends.wait(timeout=20)
        yield from ()

    def load(survey: Survey) -> Iterator[AnyEvidence]:
        yield survey.measured("cpu.utilisation", 0.1, source="test")

    begun = time.monotonic()
    evidence = gather((a_source("a", hang), a_source("b", load, disturbs=True)), Survey(LiveWorld(3), System()))
    ends.set()
    assert time.monotonic() - begun < 6
    assert [(type(each), each.source) for each in evidence if isinstance(each, Missing)] == [(Missing, "source a")]
    assert len(evidence) == 2


def test_reading_logs_is_such_a_source() -> None:
    """Two processes read them with all the CPU there is."""
    assert [each.name for each in all_sources() if each.disturbs] == ["access_log", "load_history"]
