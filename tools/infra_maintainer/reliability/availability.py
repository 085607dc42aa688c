"""Availability of a window, from requests where there are some and from states over time where there are none.

Request based: the share of requests that were answered well. Time based: the share of the window in which the thing was
up; stretches that nobody watched are bounded by a best case (up) and a worst case (down), and a window that nobody
watched at all is unknown, never 100 %. An outage that began before the window counts from the window's start, and
planned downtime counts like any other: users did not plan it.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

State = Literal["up", "down"]


class Stretch(NamedTuple):
    """A watched piece of time, in seconds; `planned` marks announced downtime."""

    begin: float
    end: float
    state: State
    planned: bool = False


class TimeBased(NamedTuple):
    """Percentages of the window. `watched` is None-free: it is 0 when nobody looked, and then the others are None."""

    watched: float
    best: float | None
    worst: float | None
    planned_down: float


def of_time(stretches: Sequence[Stretch], begin: float, end: float) -> TimeBased:
    """Availability of the window [begin, end). Where stretches overlap, down wins over up.

    Raise ValueError for an empty window.
    """
    if end <= begin:
        raise ValueError("a window needs an end after its begin")
    clipped = [s._replace(begin=max(begin, s.begin), end=min(end, s.end)) for s in stretches]
    clipped = [s for s in clipped if s.end > s.begin]
    window = end - begin
    down = _covered([(s.begin, s.end) for s in clipped if s.state == "down"])
    known = _covered([(s.begin, s.end) for s in clipped])
    planned = _covered([(s.begin, s.end) for s in clipped if s.state == "down" and s.planned])
    if known == 0:
        return TimeBased(0.0, None, None, 0.0)
    best = (window - down) / window * 100
    worst = (known - down) / window * 100
    return TimeBased(known / window * 100, best, worst, planned / window * 100)


def _covered(pieces: list[tuple[float, float]]) -> float:
    """Length of the union."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(pieces):
        if end > reached:
            total += end - max(begin, reached)
            reached = end
    return total


def stretches_of(samples: Sequence[tuple[float, bool]], longest_gap: float) -> list[Stretch]:
    """States from samples (time, up): each holds until the next, but no longer than `longest_gap` seconds."""
    ordered = sorted(samples)
    found: list[Stretch] = []
    for position, (at, up) in enumerate(ordered):
        following = ordered[position + 1][0] if position + 1 < len(ordered) else at + longest_gap
        found.append(Stretch(at, min(following, at + longest_gap), "up" if up else "down"))
    return found


def planned_part(stretches: Sequence[Stretch], announced: Sequence[tuple[float, float]]) -> list[Stretch]:
    """The down stretches inside announced times, marked as planned: beside the others they add no downtime."""
    return [
        Stretch(max(each.begin, begin), min(each.end, end), "down", planned=True)
        for each in stretches
        for begin, end in announced
        if each.state == "down" and max(each.begin, begin) < min(each.end, end)
    ]


def of_requests(requests: int, failed: int) -> float:
    """Percentage answered well. Raise ValueError without requests: no traffic is not availability."""
    if requests <= 0:
        raise ValueError("availability of no requests is unknown")
    return (requests - failed) / requests * 100
