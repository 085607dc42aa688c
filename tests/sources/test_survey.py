"""What several sources read of one host is looked at once per survey."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.system import System
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.world import LiveWorld


def test_sources_that_ask_at_the_same_time_get_one_look() -> None:
    """Eight threads, all waiting at the barrier: one look, the same answer for all; a new survey looks again."""
    survey, looks, together = Survey(LiveWorld(5), System()), [0], threading.Barrier(8)

    def look() -> list[str]:
        looks[0] += 1
        return ["a list"]

    def ask(_: int) -> list[str]:
        together.wait(timeout=5)
        found: list[str] = survey.once("list", look)
        return found

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert looks == [1] and all(each is answers[0] for each in answers)
    Survey(LiveWorld(5), System()).once("list", look)
    assert looks == [2]


def test_a_look_that_failed_fails_for_everybody_and_is_not_repeated() -> None:
    """The second source is told why, as the first was."""
    survey, looks = Survey(LiveWorld(5), System()), [0]

    def look() -> None:
        looks[0] += 1
        raise WorldError("denied", "no", "run as root")

    for _ in range(2):
        with pytest.raises(WorldError, match="no"):
            survey.once("list", look)
    assert looks == [1]
