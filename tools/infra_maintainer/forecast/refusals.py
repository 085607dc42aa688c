"""Why a history says nothing about the future, or not that far, or no date: each with what would be enough."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infra_maintainer.forecast.breach import Breach
from infra_maintainer.forecast.method import Forecast, whole_days
from infra_maintainer.forecast.series import Cleaned
from infra_maintainer.forecast.steps import last_step
from infra_maintainer.forecast.trend import Trend

Floats = NDArray[np.float64]

LEAST_DAYS = 3
STALE_H = 48
SETTLED_DAYS = 7
MOST_GAPS = 0.20
CEILING_SHARE = 0.05
CEILING_NEAR = 0.99
HISTORY_PER_HORIZON = 2
WIDE_SHARE = 0.5


class Refusal(NamedTuple):
    """`stops` says what is not given: any forecast, the part of the horizon beyond, or only the date."""

    code: Literal[
        "too_short", "stale", "gaps", "constant", "censored", "break", "horizon", "no_trend", "wide", "limit_unknown"
    ]
    stops: Literal["forecast", "horizon", "date"]
    says: str
    enough: str


def too_old(history: Cleaned, now: float) -> Refusal | None:
    """A history that ended days ago says nothing about next week: what came since may have changed everything."""
    age_h = (now - history.moment(len(history.mean)).timestamp()) / 3600
    if age_h <= STALE_H:
        return None
    ended = f"{history.moment(len(history.mean)):%Y-%m-%d}"
    return Refusal("stale", "forecast", f"the history ended on {ended}, {age_h / 24:.0f} days ago", "samples up to now")


def before_forecast(history: Cleaned, ceiling: float | None) -> Refusal | None:
    """The first reason for which nothing may be projected from this history, or None."""
    values = history.mean[np.isfinite(history.mean)]
    days = len(history.mean) / 24
    if days < LEAST_DAYS or len(values) < 24:
        return Refusal(
            "too_short",
            "forecast",
            f"{history.samples} samples over {days:.1f} days: fewer than three whole days",
            f"at least {LEAST_DAYS} days for any forecast, 14 for a trend, 21 for a weekly rhythm",
        )
    recent = history.mean[-max(len(history.mean) // 3, 24) :]
    if history.gap_share > MOST_GAPS or int(np.isfinite(recent).sum()) < 24:
        return Refusal(
            "gaps",
            "forecast",
            f"{history.gap_share:.0%} of the hours have no sample ({np.isnan(recent).mean():.0%} of the last third)",
            f"a history with less than {MOST_GAPS:.0%} of its hours missing, and a day of samples in its last third",
        )
    if float(np.ptp(values)) == 0:
        return Refusal(
            "constant",
            "forecast",
            f"every value is {values[0]:g}: a dead sensor looks like this",
            "a second source for the same quantity, or one change that the sensor is seen to follow",
        )
    if ceiling is not None and float((values >= CEILING_NEAR * ceiling).mean()) > CEILING_SHARE:
        share = float((values >= CEILING_NEAR * ceiling).mean())
        return Refusal(
            "censored",
            "forecast",
            f"{share:.0%} of the hours lie at the ceiling of {ceiling:g}: what was asked for is not known",
            "the demand itself (requests, queue length), or a week after more capacity was added",
        )
    return None


def after_step(history: Cleaned) -> tuple[Cleaned, Refusal | None]:
    """The history since its last change of level, and a refusal when that change is younger than a week."""
    days, _ = whole_days(history.mean)
    head = len(history.mean) - days.size
    step = last_step(np.median(days, axis=1))
    if step is None:
        return history, None
    hour = head + step.day * 24
    when = f"{history.moment(hour):%Y-%m-%d}"
    settled = len(days) - step.day
    says = f"level changed {'up' if step.after > step.before else 'down'} about {when}"
    if settled < SETTLED_DAYS:
        return history, Refusal(
            "break",
            "forecast",
            f"{says}, within the last week: the days before tell nothing about the days to come",
            f"{SETTLED_DAYS - settled} more days at the new level, and {14 - settled} for a trend",
        )
    return history.since(hour, f"{says}: only the {settled} days since then are used"), None


def shortened(history: Cleaned, horizon_h: int) -> tuple[int, Refusal | None]:
    """The horizon that this history carries (half its own length), and a refusal when that is less than was asked."""
    carried = len(history.mean) // HISTORY_PER_HORIZON
    if horizon_h <= carried:
        return horizon_h, None
    return carried, Refusal(
        "horizon",
        "horizon",
        f"{len(history.mean) / 24:.3g} days of history carry {carried / 24:.3g} days ahead, "
        f"not the planned {horizon_h / 24:.3g} days",
        f"{HISTORY_PER_HORIZON * horizon_h / 24:.0f} days of history",
    )


def about_date(history: Cleaned, forecast: Forecast, limit: float | None, breach: Breach | None) -> Refusal | None:
    """Why no date of breach may be told, or None."""
    if limit is None or breach is None:
        return Refusal("limit_unknown", "date", "the limit is not known", "the limit, measured or declared")
    if not forecast.trend.significant:
        return Refusal("no_trend", "date", no_growth(history, forecast.trend), "a longer history, or a trend to see")
    room = limit - float(np.nanmedian(history.mean[-7 * 24 :]))
    width = float(np.mean(forecast.high80[-24:] - forecast.low80[-24:]))
    open_ended = breach.early80 is not None and breach.late80 is None
    if width > WIDE_SHARE * room and open_ended:  # a range with two ends can be acted on, however wide
        return Refusal(
            "wide",
            "date",
            f"the 80 % interval is wider at the end than half of the room left; {100 * breach.share:.3g} % of the "
            f"simulated paths reach the limit within the horizon",
            "a longer or a calmer history, or a shorter horizon",
        )
    return None


def no_growth(history: Cleaned, trend: Trend) -> str:
    """ "No growth seen", with the growth that the data cannot exclude, in % of the present level in 30 days."""
    level = float(np.nanmedian(history.mean[-7 * 24 :]))
    if not np.isfinite(trend.high) or level <= 0:
        return "no growth seen, and too few days to exclude any"
    if trend.high <= 0:
        return f"no growth seen (slope between {trend.low:.3g} and {trend.high:.3g} per day)"
    return f"no growth seen; up to {100 * trend.high * 30 / level:.3g} % in 30 days cannot be excluded"
