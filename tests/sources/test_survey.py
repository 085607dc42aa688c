"""What several sources read of one host is looked at once per survey; a job imports its own sources only."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra_maintainer.assess.model import JOBS
from infra_maintainer.sources.registry import all_sources
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


@pytest.mark.parametrize("job", JOBS)
def test_a_job_gets_all_its_sources_and_imports_few_others(job: str) -> None:
    """In a fresh process: the same sources as among all that exist, though most of the others were never imported."""
    code = (
        "import json, sys; from infra_maintainer.sources.registry import sources_for;"
        "found = [each.name for each in sources_for(sys.argv[1])];"
        "prefix = 'infra_maintainer.sources.';"
        "print(json.dumps([found, [name for name in sys.modules if name.startswith(prefix)]]))"
    )
    argv = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}", job]
    found, imported = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    assert found == [each.name for each in all_sources() if job in each.jobs]
    others = {each.name for each in all_sources() if job not in each.jobs}
    assert len({name.rsplit(".", 1)[-1] for name in imported} & others) < len(others) / 3
