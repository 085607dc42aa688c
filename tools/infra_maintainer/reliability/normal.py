"""What is normal: the same hour of the week in each of the last four weeks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from infra_maintainer.evidence.model import Sample

WEEKS = (1, 2, 3, 4)
TOLERANCE = timedelta(minutes=30)
LEAST_WEEKS = 3


def same_hour(samples: Sequence[Sample], now: datetime) -> list[float]:
    """One value per week that has samples within half an hour of this time of the week: their median."""
    found: list[float] = []
    for weeks in WEEKS:
        then = now - timedelta(weeks=weeks)
        near = [each.value for each in samples if abs(each.at - then) <= TOLERANCE]
        if near:
            found.append(median(near))
    return found
