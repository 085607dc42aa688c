"""How fast the error budget burns: share of errors over the share that the target allows.

The windows and factors are those of the Google SRE workbook (multi-window, multi-burn-rate alerts): a page when 14.4
holds over one hour and the last five minutes, or 6 over six hours and the last thirty minutes; a ticket when 1 holds
over three days and the last six hours. The short window ends the alarm soon after the trouble.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Minute = tuple[int, int, int]
"""Epoch minute, requests, failed."""


class Rule(NamedTuple):
    """A pair of windows in minutes and the burn rate that both must exceed."""

    name: Literal["fast", "medium", "slow"]
    long: int
    short: int
    factor: float


RULES: tuple[Rule, ...] = (
    Rule("fast", 60, 5, 14.4),
    Rule("medium", 360, 30, 6.0),
    Rule("slow", 4320, 360, 1.0),
)


class Burn(NamedTuple):
    """The burn rate of one rule: the smaller of both windows, since both must exceed the factor."""

    rule: Rule
    rate: float
    requests: int


def burns(minutes: Sequence[Minute], end_minute: int, budget: float) -> list[Burn]:
    """Burn rates at `end_minute` (exclusive) for a budget, the allowed share of errors from 0 to 1.

    A rule is left out when its long window is not covered by the minutes, or one of its windows has no request.
    Raise ValueError for a budget of nothing: no error at all is allowed there, so any error burns without end.
    """
    if not 0 < budget < 1:
        raise ValueError("a budget is a share between 0 and 1")
    if not minutes:
        return []
    first = min(minute for minute, _, _ in minutes)
    found: list[Burn] = []
    for rule in RULES:
        if first > end_minute - rule.long + rule.long // 10:
            continue
        long, short = (_share(minutes, end_minute - length, end_minute) for length in (rule.long, rule.short))
        if long is None or short is None:
            continue
        found.append(Burn(rule, min(long[0], short[0]) / budget, long[1]))
    return found


def _share(minutes: Sequence[Minute], begin: int, end: int) -> tuple[float, int] | None:
    inside = [(requests, failed) for minute, requests, failed in minutes if begin <= minute < end]
    requests = sum(each for each, _ in inside)
    return None if requests == 0 else (sum(failed for _, failed in inside) / requests, requests)
