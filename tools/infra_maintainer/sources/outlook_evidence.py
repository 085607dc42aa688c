"""A forecast, its breach range and its refusals as evidence records about `series:QUANTITY@SUBJECT`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra_maintainer.evidence.model import Declared, Derived, Measured
from infra_maintainer.evidence.redact import redact
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey

if TYPE_CHECKING:
    from infra_maintainer.forecast.outlook import Outlook

KIND = {"%": "use", "1/s": "rate", "1": "count"}
PEAK = {"%": "peak", "1/s": "peak_rate"}
WEEK_H = 168


def series_of(quantity: str, subject: str) -> str:
    """The subject of everything said about the forecast of a series."""
    return f"series:{quantity}@{subject}"


def outlook_evidence(survey: Survey, outlook: "Outlook", base: Measured) -> Iterator[AnyEvidence]:
    """Records for one outlook; `base` is the measured mean that all of it rests on."""
    import numpy as np

    subject, kind = series_of(base.quantity, base.subject), KIND[base.unit]
    method = outlook.forecast.method if outlook.forecast else "none"

    def derived(quantity: str, value: float) -> Derived:
        return Derived(
            subject=subject,
            quantity=quantity,
            stat="instant",
            value=float(f"{value:.6g}"),
            unit=unit_of(quantity),
            formula="forecast(history)",
            inputs={"history": base.id},
            as_of=survey.world.clock.now(),
            source=f"forecast: {method}; {base.source}",
        )

    for refusal in outlook.refusals:
        quantity = {
            "forecast": f"forecast.{kind}",
            "horizon": "forecast.horizon.rest",
            "date": "forecast.breach.middle",
        }[refusal.stops]
        detail, how = f"{refusal.code}: {refusal.says}", f"enough would be: {refusal.enough}"
        yield survey.missing(quantity, "no_data", detail, how, source="forecast rules", subject=subject)
    if any(refusal.stops == "horizon" for refusal in outlook.refusals):
        yield Declared(
            subject=subject,
            quantity="forecast.horizon.asked",
            value=float(survey.options.get("horizon_days", 90)),
            unit=unit_of("forecast.horizon.asked"),
            as_of=survey.world.clock.now(),
            source="the request, or policy",
        )
    yield derived("forecast.history", len(outlook.history.mean) / 24)
    if outlook.history.notes:
        said = "; ".join(outlook.history.notes)
        yield survey.measured("forecast.history.notes", redact(said), subject=subject, source=base.source)
    forecast = outlook.forecast
    if forecast is None:
        return
    yield derived("forecast.horizon", outlook.horizon_h / 24)
    last_week = forecast.point[-WEEK_H:]
    hour = len(forecast.point) - len(last_week) + int(np.argmax(last_week))
    for name, values in (
        ("", forecast.point),
        (".low80", forecast.low80),
        (".high80", forecast.high80),
        (".low95", forecast.low95),
        (".high95", forecast.high95),
    ):
        yield derived(f"forecast.{kind}{name}", float(values[hour]))
    level = float(np.nanmedian(outlook.history.mean[-WEEK_H:]))
    if level > 0 and np.isfinite(forecast.trend.high):
        for name, slope in (
            ("", forecast.trend.slope),
            (".low95", forecast.trend.low),
            (".high95", forecast.trend.high),
        ):
            yield derived(f"forecast.growth{name}", 100 * slope * 30 / level)
    peak = f"forecast.{PEAK.get(base.unit, '')}"
    if outlook.peaks is None and base.unit in PEAK:
        detail = "the peak of the weeks ahead needs four whole weeks of history and a week of horizon"
        yield survey.missing(peak, "no_data", detail, "a longer history", source="forecast rules", subject=subject)
    if outlook.peaks is not None and base.unit in PEAK:
        yield derived(peak, float(outlook.peaks.point[-1]))
        yield derived(f"{peak}.low80", float(outlook.peaks.low80[-1]))
        yield derived(f"{peak}.high80", float(outlook.peaks.high80[-1]))
    if outlook.share is not None:
        yield derived("forecast.breach.share", 100 * outlook.share)
    if outlook.breach is None:
        return
    for name in ("early95", "early80", "middle", "late80", "late95"):
        hours = getattr(outlook.breach, name)
        if hours is not None:
            yield derived(f"forecast.breach.{name}", hours / 24)
        elif name == "middle":
            detail = f"the limit is not reached within {outlook.horizon_h / 24:.0f} days on the median path"
            yield survey.missing(
                "forecast.breach.middle", "no_data", detail, "ask again later", source="forecast", subject=subject
            )
