"""One question, one answer: what a history says about the weeks ahead and about a limit, or why it does not."""

from typing import NamedTuple

import numpy as np

from infra_maintainer.forecast.breach import Breach, find_breach
from infra_maintainer.forecast.method import Forecast, Method, robust_seasonal
from infra_maintainer.forecast.peaks import WeeklyPeaks, weekly_peaks
from infra_maintainer.forecast.refusals import Refusal, about_date, after_step, before_forecast, shortened, too_old
from infra_maintainer.forecast.series import Cleaned


class Outlook(NamedTuple):
    """The history used, and what could be said from it; whatever is None has its reason in `refusals`.

    `share` of the simulated paths reach the limit within the horizon, told even where no date is.
    """

    history: Cleaned
    horizon_h: int
    limit: float | None
    forecast: Forecast | None
    peaks: WeeklyPeaks | None
    breach: Breach | None
    refusals: tuple[Refusal, ...]
    share: float | None = None


def look_ahead(
    history: Cleaned,
    *,
    horizon_h: int,
    limit: float | None,
    ceiling: float | None = None,
    now: float | None = None,
    method: Method = robust_seasonal,
) -> Outlook:
    """The outlook of a non-negative quantity.

    `limit` is the level not to be reached (policy's); `ceiling` the physical bound, at which demand is cut off; `now`
    the present in epoch seconds, so that an old history is refused.
    """
    refused = before_forecast(history, ceiling)
    if refused is None and now is not None:
        refused = too_old(history, now)
    if refused is not None:
        return Outlook(history, horizon_h, limit, None, None, None, (refused,))
    used, refused = after_step(history)
    if refused is None and used is not history:
        refused = before_forecast(used, ceiling)
    if refused is not None:
        return Outlook(history, horizon_h, limit, None, None, None, (refused,))
    horizon_h, cut = shortened(used, horizon_h)
    refusals = () if cut is None else (cut,)
    lower = 0.0 if float(np.nanmin(used.mean)) >= 0 else None
    forecast = method(used.mean, horizon_h, lower, ceiling)
    slope = forecast.trend.slope if forecast.trend.significant else 0.0
    peaks = weekly_peaks(used.peak, horizon_h // (7 * 24), slope, ceiling)
    breach = None if limit is None else find_breach(forecast, limit)
    share = None if breach is None else breach.share
    undated = about_date(used, forecast, limit, breach)
    if undated is not None:
        return Outlook(used, horizon_h, limit, forecast, peaks, None, (*refusals, undated), share)
    return Outlook(used, horizon_h, limit, forecast, peaks, breach, refusals, share)
