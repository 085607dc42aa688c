"""Spend anomalies as figures: how many series were judged, and each alarm with what drove it."""

from collections.abc import Iterator

from infra_maintainer.bills.alarms import LOOK_BACK_DAYS, Watched
from infra_maintainer.bills.figures import DAY_S, Figure, Gap, plain


def alarm_figures(watched: Watched, bill: str) -> Iterator[Figure | Gap]:
    """The count, or why nothing could be judged; two figures per alarm, with the resources that moved as a quote."""
    if not watched.judged:
        detail = f"none of {watched.too_short} series has eight weeks of history"
        yield Gap("bill.anomalies", bill, "no_data", detail, "keep exporting for eight weeks, then ask again")
        return
    window = LOOK_BACK_DAYS * DAY_S
    yield Figure("bill.anomalies", bill, len(watched.alarms), None, "count", watched.judged, window)
    for each in watched.alarms:
        subject = f"{bill}/{each.currency}/{plain(each.service)}/{plain(each.account)}/{each.anomaly.day}"
        moved = "; ".join(
            f"{row.resource_id or 'no resource'} {row.before_cost:.2f} -> {row.after_cost:.2f}" for row in each.drivers
        )
        cost, expected = each.anomaly.cost, each.anomaly.expected
        yield Figure("bill.anomaly.cost", subject, cost, each.currency, "sum", None, DAY_S, moved or None)
        yield Figure("bill.anomaly.expected", subject, expected, each.currency, "sum", None, DAY_S)
