"""When users' requests failed: in one stretch of minutes, or spread over the time of the log.

The core is the shortest run of minutes that holds at least four fifths of the failures. It grows to both sides as long
as what it adds failed more often than the log as a whole, so that it ends where the trouble did. It is told as a
stretch when it has at most half of the log's time and at most half of its requests: inside, requests failed at least
four times as often as outside. Of fewer than 30 failures some half holds four fifths too easily by chance, and the
stretch may have a twentieth of either.

Failures are called spread when no half of the time holds four fifths of them, and no tenth of it three tenths: two
outages at both ends of a log are neither one stretch nor spread, and nothing is said of when they were.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from infra_maintainer.reliability.burn import Minute

FEWEST = 3
ENOUGH = 30
_MARKED, _MARKED_OF_FEW = 0.5, 0.05
_EVEN = 0.3
SHORTEST_LOG_MIN = 10  # below that a minute is too coarse a measure to call anything spread


class Stretch(NamedTuple):
    """A run of minutes, both ends included."""

    first: int
    last: int
    requests: int
    failed: int

    @property
    def length_min(self) -> int:
        """How many minutes it has."""
        return self.last - self.first + 1


class Failing(NamedTuple):
    """The core, what it grew to, the log itself, and how many failed in the fullest tenth of its time."""

    core: Stretch
    grown: Stretch
    log: Stretch
    in_a_tenth: int

    @property
    def in_one_stretch(self) -> bool:
        """Whether `grown` stands out of the log."""
        most = _MARKED if self.log.failed >= ENOUGH else _MARKED_OF_FEW
        time, requests = self.grown.length_min / self.log.length_min, self.grown.requests / self.log.requests
        return time <= most and requests <= most

    @property
    def spread(self) -> bool:
        """Whether there are enough failures and minutes to say so, and nowhere many of them together."""
        known = self.log.failed >= ENOUGH and self.log.length_min >= SHORTEST_LOG_MIN
        wide = self.core.length_min > _MARKED * self.log.length_min
        return known and wide and self.in_a_tenth <= _EVEN * self.log.failed


def failing(minutes: Sequence[Minute]) -> Failing | None:
    """When the requests of these minutes, in the order of time, failed; None of fewer than three failures."""
    requests = [0, *accumulate(asked for _, asked, _ in minutes)]
    failed = [0, *accumulate(bad for _, _, bad in minutes)]
    if failed[-1] < FEWEST:
        return None

    def between(first: int, last: int) -> Stretch:
        return Stretch(
            minutes[first][0], minutes[last][0], requests[last + 1] - requests[first], failed[last + 1] - failed[first]
        )

    begin, end = _core(minutes, failed)
    total, rate = failed[-1], requests[-1]
    excess = [bad * rate - asked * total for _, asked, bad in minutes]  # failures beyond the log's own share
    grown = between(begin - _worth(excess[:begin][::-1]), end + _worth(excess[end + 1 :]))
    whole = between(0, len(minutes) - 1)
    tenths: Counter[int] = Counter()
    for minute, _, bad in minutes:
        tenths[(minute - whole.first) * 10 // whole.length_min] += bad
    return Failing(between(begin, end), grown, whole, max(tenths.values()))


def _core(minutes: Sequence[Minute], failed: list[int]) -> tuple[int, int]:
    """Where the shortest run with four fifths of the failures begins and ends; of several as short, the fullest."""
    best: tuple[int, int, int, int] | None = None
    first = 0
    for last in range(len(minutes)):
        while 5 * (failed[last + 1] - failed[first + 1]) >= 4 * failed[-1]:
            first += 1
        held = failed[last + 1] - failed[first]
        if 5 * held >= 4 * failed[-1]:
            found = (minutes[last][0] - minutes[first][0], -held, first, last)
            best = found if best is None else min(best, found)
    assert best is not None
    return best[2], best[3]


def _worth(excess: Sequence[int]) -> int:
    """How many of these minutes, from the first on, to add so that the excess of all is largest."""
    most, count, total = 0, 0, 0
    for number, each in enumerate(excess, start=1):
        total += each
        if total > most:
            most, count = total, number
    return count
