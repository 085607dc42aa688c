"""Earlier forecasts from the ledger, and how right they were against what came since."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from infra_maintainer.sources.outlook_evidence import series_of
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey

if TYPE_CHECKING:
    from infra_maintainer.forecast.outlook import Outlook
    from infra_maintainer.forecast.series import Cleaned

LEDGER = "forecasts"
HOUR_S = 3600
DENSE_H = 48
SPARSE_H = 7
"""After two days every seventh hour is kept: seven and 24 share no divisor, so every hour of the day gets its turn."""


@runtime_checkable
class Remembers(Protocol):
    """A store with ledgers."""

    def ledger(self, name: str) -> list[str]:
        """Every record of a ledger, oldest first."""
        ...


def past_forecasts(history: object) -> list[dict[str, Any]]:
    """Every forecast ever kept."""
    return [json.loads(line) for line in history.ledger(LEDGER)] if isinstance(history, Remembers) else []


def ledger_record(outlook: "Outlook", quantity: str, subject: str, made_at: float) -> str | None:
    """What is kept of a forecast so that it can be scored later; None for a refusal."""
    forecast = outlook.forecast
    if forecast is None:
        return None
    horizon = len(forecast.point)
    hours = [hour for hour in range(horizon) if hour < DENSE_H or hour % SPARSE_H == 0]
    first = len(outlook.history.mean)
    rows = {
        "at": [round(outlook.history.moment(first + hour).timestamp()) for hour in hours],
        **{
            name: [float(f"{values[hour]:.6g}") for hour in hours]
            for name, values in (
                ("point", forecast.point),
                ("low80", forecast.low80),
                ("high80", forecast.high80),
                ("low95", forecast.low95),
                ("high95", forecast.high95),
            )
        },
    }
    about = {
        "quantity": quantity,
        "subject": subject,
        "made_at": made_at,
        "method": forecast.method,
        "chosen": forecast.chosen,
        "history_hours": first,
        "history_from": outlook.history.moment(0).timestamp(),
        "samples": outlook.history.samples,
        "limit": outlook.limit,
        "breach_h": outlook.breach,
    }
    return json.dumps({**about, **rows})


def scores(
    survey: Survey, records: list[dict[str, Any]], truth: "Cleaned", quantity: str, subject: str
) -> Iterator[AnyEvidence]:
    """How the earlier forecasts of one series did; nothing when none of their hours has come."""
    import numpy as np

    first = truth.start // HOUR_S
    came = {first + index: value for index, value in enumerate(truth.mean) if np.isfinite(value)}
    hits80 = hits95 = hours = forecasts = 0
    wrong = total = interval = 0.0
    for record in records:
        if record["quantity"] != quantity or record["subject"] != subject:
            continue
        rows = zip(record["at"], *(record[n] for n in ("point", "low80", "high80", "low95", "high95")), strict=True)
        known = [(came[row[0] // HOUR_S], *row[1:]) for row in rows if row[0] // HOUR_S in came]
        forecasts += bool(known)
        for value, point, low80, high80, low95, high95 in known:
            hours, total, wrong = hours + 1, total + abs(value), wrong + abs(value - point)
            hits80, hits95 = hits80 + (low80 <= value <= high80), hits95 + (low95 <= value <= high95)
            interval += high80 - low80 + 10 * max(low80 - value, 0) + 10 * max(value - high80, 0)
    if not hours or not total:
        return
    about, origin = series_of(quantity, subject), "ledger of forecasts against the history"
    for name, value in (
        ("forecast.hit_rate80", 100 * hits80 / hours),
        ("forecast.hit_rate95", 100 * hits95 / hours),
        ("forecast.error", 100 * wrong / total),
        ("forecast.interval_score", interval / total),
    ):
        yield survey.measured(name, value, subject=about, stat="ratio", n=hours, source=origin)
    yield survey.measured("forecast.scored", forecasts, subject=about, stat="count", n=hours, source=origin)
