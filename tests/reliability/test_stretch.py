"""When requests failed: the shortest run of minutes, grown to where the trouble ended, or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from infra_maintainer.reliability.burn import Minute
from infra_maintainer.reliability.stretch import Stretch, failing

_COUNTS = st.tuples(st.integers(1, 3), st.integers(0, 8), st.integers(0, 4))
LOGS = st.lists(_COUNTS, min_size=1, max_size=25)


def minutes_of(steps: list[tuple[int, int, int]]) -> list[Minute]:
    """Minutes with gaps between them: (step, answered, failed)."""
    found: list[Minute] = []
    at = 0
    for step, well, failed in steps:
        at += step
        found.append((at, well + failed + 1, failed))
    return found


@given(LOGS)
def test_no_run_with_four_fifths_of_the_failures_is_shorter_than_the_core(steps: list[tuple[int, int, int]]) -> None:
    """Against all runs there are; gaps count as time."""
    log = minutes_of(steps)
    found, total = failing(log), sum(bad for _, _, bad in log)
    if found is None:
        assert total < 3
        return
    runs = [log[begin : end + 1] for begin in range(len(log)) for end in range(begin, len(log))]
    enough = [run[-1][0] - run[0][0] + 1 for run in runs if sum(bad for _, _, bad in run) >= 0.8 * total]
    assert found.core.length_min == min(enough) and found.core.failed >= 0.8 * total
    assert found.log == Stretch(log[0][0], log[-1][0], sum(n for _, n, _ in log), total)
    inside = [each for each in log if found.grown.first <= each[0] <= found.grown.last]
    assert (found.grown.requests, found.grown.failed) == tuple(sum(each[at] for each in inside) for at in (1, 2))
    assert found.grown.first <= found.core.first and found.core.last <= found.grown.last


def test_the_stretch_ends_where_the_outage_did_and_not_after_four_fifths_of_it() -> None:
    """An even outage of a hundred minutes: its shortest four fifths alone would have it end twenty minutes early."""
    found = failing([(at, 10, 5 if 200 <= at < 300 else 0) for at in range(1000)])
    assert found is not None and found.core.length_min == 80
    assert (found.grown.first, found.grown.last, found.in_one_stretch) == (200, 299, True)


def test_a_stray_failure_hours_later_does_not_stretch_it() -> None:
    """It would add a hundred sound minutes for one failure."""
    found = failing([(at, 10, 5 if 200 <= at < 230 else int(at == 330)) for at in range(1000)])
    assert found is not None and (found.grown.first, found.grown.last) == (200, 229)


def test_two_outages_far_apart_are_neither_one_stretch_nor_spread() -> None:
    """Four fifths of their failures take the whole log: by that alone they would be called spread."""
    found = failing([(at, 10, 9 if at < 20 or at >= 980 else 0) for at in range(1000)])
    assert found is not None and found.core.length_min > 900
    assert not found.in_one_stretch and not found.spread


def test_failures_that_come_with_the_requests_of_the_day_are_no_stretch() -> None:
    """Nine tenths of both lie in a third of the time: that is when users come, not when it broke."""
    found = failing(
        [(at, 100 if 400 <= at < 700 else 5, 2 if 400 <= at < 700 else int(at % 10 == 0)) for at in range(1000)]
    )
    assert found is not None and found.grown.length_min < 400 and not found.in_one_stretch


def test_few_failures_are_a_stretch_only_when_they_are_close_together() -> None:
    """Three within a third of the time may be chance; three within six minutes of six hundred are not."""
    close, loose = ([(at, 9, int(at in failed)) for at in range(600)] for failed in ((300, 303, 305), (200, 300, 395)))
    found, other = failing(close), failing(loose)
    assert found is not None and found.in_one_stretch and (found.grown.first, found.grown.last) == (300, 305)
    assert other is not None and not other.in_one_stretch and not other.spread


def test_fewer_than_three_failures_are_no_matter_of_time() -> None:
    """Two in one minute would be the shortest stretch of all."""
    assert failing([(at, 9, 2 * int(at == 3)) for at in range(600)]) is None and failing([]) is None
