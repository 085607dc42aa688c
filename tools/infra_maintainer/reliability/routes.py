"""The requests of a declared journey among the routes that a log or a metric tells apart."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Counted(NamedTuple):
    """Requests and failures of the declared routes, and which of them nobody asked for."""

    requests: int
    failed: int
    unseen: list[str]


def count(declared: Sequence[str], routes: Iterable[tuple[str, int, int]]) -> Counted:
    """Add up (route, requests, failed) of what is declared. `/cart` stands for `GET /cart`, `POST /cart` and so on."""
    requests = failed = 0
    seen: set[str] = set()
    for route, asked, bad in routes:
        names = {route, route.partition(" ")[2]} & set(declared)
        if not names or not asked:
            continue
        seen |= names
        requests, failed = requests + asked, failed + bad
    return Counted(requests, failed, [each for each in declared if each not in seen])


def longest_silence_s(minutes: Sequence[int]) -> int:
    """Seconds between one request and the next at most, by the minutes that have some; within one it is a minute."""
    ordered = sorted(minutes)
    return 60 * max((later - earlier + 1 for earlier, later in zip(ordered, ordered[1:], strict=False)), default=1)
