"""Time-outs that cut latency off: requests that fail at a round number of seconds, more often than chance allows."""

from collections.abc import Sequence

ROUND_SECONDS = (1, 2, 3, 5, 8, 10, 15, 20, 25, 29, 30, 45, 60, 75, 90, 100, 120, 180, 240, 300, 600, 900)
SLACK_CENTISECONDS = 15
_LEAST = 3


def cut_off_us(ends: Sequence[tuple[int, int, int]]) -> int | None:
    """The time-out in microseconds, None without one.

    `ends` are (hundredths of a second, requests, of them failed). A round value counts when at least three requests
    failed within 0.15 s after it, these are most of all that ended there, and at least half of all slow failures.
    A latency percentile at or above it is only known to be at least that long.
    """
    slow_failures = sum(failed for _, _, failed in ends)
    best: tuple[int, int] | None = None
    for seconds in ROUND_SECONDS:
        inside = [(count, failed) for at, count, failed in ends if 0 <= at - seconds * 100 <= SLACK_CENTISECONDS]
        failed = sum(each for _, each in inside)
        if failed < _LEAST or failed * 2 < sum(count for count, _ in inside) or failed * 2 < slow_failures:
            continue
        if best is None or failed > best[0]:
            best = (failed, seconds)
    return None if best is None else best[1] * 1_000_000
