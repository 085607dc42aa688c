"""The anomaly detector against a generator that knows what it planted."""

from datetime import timedelta

from infra_maintainer.bills.anomalies import find_anomalies
from tests.costs.spend_series import DAYS, PLANTED, SCORED_DAYS, SERIES, START, spend_series
from tests.requirements_link import requirement

LAST = START + timedelta(days=DAYS - 1)
SINCE = START + timedelta(days=DAYS - SCORED_DAYS)


@requirement("costs.anomalies")
def test_false_alarms_stay_below_six_per_hundred_series_months_and_recall_above_88_percent() -> None:
    """The reference's bounds, on one seed of the generator; an alarm counts on a plant or up to 3 days after it."""
    found = false = 0
    for series in spend_series(seed=20261124):
        alarms = find_anomalies(series.costs, SINCE, LAST) or []
        near = {day + timedelta(days=after) for day in series.planted for after in range(4)}
        found += any(alarm.day in near for alarm in alarms)
        false += sum(alarm.day not in near for alarm in alarms)
    months = SERIES * SCORED_DAYS / 30
    assert false / months <= 0.06, f"{false} false alarms in {months:.0f} series-months"
    assert found / PLANTED >= 0.88, f"{found} of {PLANTED} planted anomalies found"
