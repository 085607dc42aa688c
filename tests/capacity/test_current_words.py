"""What the plan calls the use it has: a percentile over weeks is no single reading."""

from datetime import UTC, datetime

import pytest

from infra_maintainer.assess.capacity.current import judge
from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import Pass
from infra_maintainer.assess.policy import Policy
from infra_maintainer.evidence.model import Measured, Stat


@pytest.mark.parametrize(
    ("stat", "n", "window", "words"),
    [
        ("p99.5", None, 2_419_200.0, "46 %, P99.5 over 28 d"),
        ("mean", None, 10.0, "46 %, mean over 10 s"),
        ("instant", None, None, "46 %, a single reading"),
        ("mean", 1, None, "46 %, a single reading"),
    ],
)
def test_only_one_moment_is_a_single_reading(stat: Stat, n: int | None, window: float | None, words: str) -> None:
    """The words follow the statistic and the window of the evidence."""
    memory = Measured(
        subject="host:web-1", quantity="memory.used", stat=stat, value=46, unit="%", n=n, window=window,
        as_of=datetime(2026, 11, 20, tzinfo=UTC), source="test",
    )  # fmt: skip
    said = [each.says for each in judge(Facts([memory]), Policy()) if isinstance(each, Pass)]
    assert said == [f"memory of web-1: {words}"]
