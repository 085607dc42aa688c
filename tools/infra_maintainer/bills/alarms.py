"""Spend anomalies of a whole bill, by provider, service, account and currency, and what drove each alarm."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import NamedTuple

from infra_maintainer.bills.anomalies import Anomaly, find_anomalies
from infra_maintainer.bills.audit import Audit
from infra_maintainer.bills.figures import daily_series
from infra_maintainer.bills.questions import Bill, DriverRow, typed_rows

LOOK_BACK_DAYS = 30
MOST_ALARMS = 10


class Alarm(NamedTuple):
    """An anomaly of one series, and the resources that moved most against the same weekday before."""

    provider: str
    service: str
    account: str
    currency: str
    anomaly: Anomaly
    drivers: list[DriverRow]


class Watched(NamedTuple):
    """How many series were judged, how many are too short, and the alarms, greatest excess first."""

    judged: int
    too_short: int
    alarms: list[Alarm]


def watch(audit: Audit, bill: Bill) -> Watched:
    """Alarms of the last 30 full days. Raises BillError when the bill cannot name the drivers."""
    series = daily_series([row for row in audit.daily if row.is_usage])
    until = audit.last_full_day
    since = until - timedelta(days=LOOK_BACK_DAYS - 1)
    judged = too_short = 0
    found: list[Alarm] = []
    levels: dict[str, float] = defaultdict(float)
    for (*_, currency), costs in series.items():
        levels[currency] += median(costs.get(until - timedelta(days=n), 0.0) for n in range(28))
    for (provider, service, account, currency), costs in series.items():
        anomalies = find_anomalies(costs, since, until, levels[currency])
        if anomalies is None:
            too_short += 1
            continue
        judged += 1
        found += [Alarm(provider, service, account, currency, each, []) for each in anomalies]
    found.sort(key=lambda each: -each.anomaly.excess)
    return Watched(judged, too_short, list(_with_drivers(found[:MOST_ALARMS], bill)) + found[MOST_ALARMS:])


def _with_drivers(alarms: list[Alarm], bill: Bill) -> Iterator[Alarm]:
    for each in alarms:
        day = each.anomaly.day
        rows = bill.ask(
            "drivers", day=day, before=day - timedelta(days=7), service=each.service, currency=each.currency,
            account=each.account,
        )  # fmt: skip
        yield each._replace(drivers=typed_rows(DriverRow, rows))
