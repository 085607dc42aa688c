"""How fast the error budget burns: share of errors over the share that the target allows.

The windows are those of the Google SRE workbook (multi-window, multi-burn-rate alerts; its factors are the policy's
`health.traffic.burn.*`): a page when 14.4 holds over one hour and the last five minutes, or 6 over six hours and the
last thirty minutes; a ticket when 1 holds over three days and the last six hours. The short window ends the alarm soon
after the trouble.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from infra_maintainer.evidence.show import show

Minute = tuple[int, int, int]
"""Epoch minute, requests, failed."""

COVERED = 0.9
"""The share of its long window that must have been watched for a rule to say anything."""


class Rule(NamedTuple):
    """A pair of windows in minutes, in both of which the budget must burn."""

    name: Literal["fast", "medium", "slow"]
    long: int
    short: int

    @property
    def over(self) -> str:
        """Both windows for people: "over 60 min and the last 5 min"."""
        return f"over {show(self.long * 60.0, 's')} and the last {show(self.short * 60.0, 's')}"


RULES: tuple[Rule, ...] = (Rule("fast", 60, 5), Rule("medium", 360, 30), Rule("slow", 4320, 360))
WINDOWS_MIN = tuple(sorted({each for rule in RULES for each in (rule.long, rule.short)}))


class Seen(NamedTuple):
    """Requests and failures of a window; fractions where a metrics server extrapolated or weighted them."""

    requests: float
    failed: float


class Burn(NamedTuple):
    """The burn rate of one rule: the smaller of both windows, since both must exceed the factor."""

    rule: Rule
    rate: float
    requests: int


def burn(rule: Rule, budget: float, long: Seen, short: Seen) -> Burn | None:
    """The burn rate for a budget, the allowed share of errors from 0 to 1; None where a window has no whole request.

    Raise ValueError for a budget of nothing: no error at all is allowed there, so any error burns without end.
    """
    if not 0 < budget < 1:
        raise ValueError("a budget is a share between 0 and 1")
    if long.requests < 1 or short.requests < 1:
        return None
    rate = min(each.failed / each.requests for each in (long, short)) / budget
    return Burn(rule, rate, round(long.requests))


def burns(minutes: Sequence[Minute], end_minute: int, budget: float) -> list[Burn]:
    """Burn rates at `end_minute` (exclusive).

    A rule is left out when its long window is not covered by the minutes, or one of its windows has no request.
    Raise ValueError for a budget of nothing.
    """
    if not 0 < budget < 1:
        raise ValueError("a budget is a share between 0 and 1")
    first = min((minute for minute, _, _ in minutes), default=end_minute)
    found = [
        burn(rule, budget, *(_seen(minutes, end_minute - each, end_minute) for each in (rule.long, rule.short)))
        for rule in RULES
        if end_minute - first >= COVERED * rule.long
    ]
    return [each for each in found if each is not None]


def _seen(minutes: Sequence[Minute], begin: int, end: int) -> Seen:
    inside = [(requests, failed) for minute, requests, failed in minutes if begin <= minute < end]
    return Seen(sum(requests for requests, _ in inside), sum(failed for _, failed in inside))
