"""The marks of a forecast's picture: each line and band is labelled beside itself, told apart by dash and hatch."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from infra_maintainer.forecast.outlook import Outlook

DAY_H = 24


def _wall(outlook: "Outlook", hour: float) -> datetime:
    """Wall-clock time of an hour of the series, without zone: matplotlib would turn it into UTC."""
    start = outlook.history.moment(0).astimezone(outlook.history.zone).replace(tzinfo=None)
    return start + timedelta(hours=hour)


def draw_history(axes: "Axes", outlook: "Outlook") -> None:
    """Every hour as a hair line, the busiest hour of each day as the line that counts."""
    import numpy as np

    values = outlook.history.mean
    times: Any = [_wall(outlook, hour) for hour in range(len(values))]
    axes.plot(times, values, color="0.75", linewidth=0.6)
    head = len(values) % DAY_H
    days = values[head:].reshape(-1, DAY_H)
    there = np.isfinite(days).any(axis=1)
    top = np.where(there, np.max(np.where(np.isfinite(days), days, -np.inf), axis=1), np.nan)
    noon: Any = [_wall(outlook, head + DAY_H * day + DAY_H / 2) for day in range(len(days))]
    axes.plot(noon, top, color="black", linewidth=1.6)
    shown = np.flatnonzero(there)
    if len(shown):
        early = shown[: max(len(shown) // 4, 1)]
        high = int(early[np.argmax(top[early])])
        axes.annotate("history", (noon[high], top[high]), (0, 6), textcoords="offset points", ha="center")
    _gaps(axes, outlook)


def _gaps(axes: "Axes", outlook: "Outlook") -> None:
    """Missing stretches of six hours and more are marked: a line that stops is easily overlooked."""
    missing, begin = [*(value != value for value in outlook.history.mean.tolist()), False], None
    for hour, gone in enumerate(missing):
        if gone and begin is None:
            begin = hour
        elif not gone and begin is not None:
            if hour - begin >= 6:
                left: Any = _wall(outlook, begin)
                right: Any = _wall(outlook, hour)
                axes.axvspan(left, right, facecolor="0.93", edgecolor="0.6", hatch="xx", linewidth=0)
                top = axes.get_xaxis_transform()
                axes.text(
                    left, 0.02, f" no data, {hour - begin} h", transform=top, rotation=90, va="bottom", fontsize=8
                )
            begin = None


def draw_forecast(axes: "Axes", outlook: "Outlook") -> None:
    """The point as a dashed line, both intervals as hatched bands."""
    import numpy as np

    forecast = outlook.forecast
    if forecast is None:
        return
    first, days = len(outlook.history.mean), len(forecast.point) // DAY_H
    if days == 0:
        return
    busiest = np.argmax(forecast.point[: days * DAY_H].reshape(days, DAY_H), axis=1) + np.arange(days) * DAY_H
    times: Any = [_wall(outlook, first + DAY_H * day + DAY_H / 2) for day in range(days)]
    bands = (
        (forecast.low95, forecast.high95, "0.90", "..", "95 %"),
        (forecast.low80, forecast.high80, "0.75", "//", "80 %"),
    )
    for low, high, grey, hatch, label in bands:
        axes.fill_between(
            times, low[busiest], high[busiest], facecolor=grey, edgecolor="0.5", hatch=hatch, linewidth=0.5
        )
        end = high if label == "80 %" else low  # both ends of the picture: the bands may meet at the top
        apart = 7 if label == "80 %" else -13  # from the word at the line between them
        axes.annotate(label, (times[-1], float(end[busiest][-1])), (4, apart), textcoords="offset points")
    axes.plot(times, forecast.point[busiest], color="black", linewidth=1.6, linestyle=(0, (5, 2)))
    axes.annotate("forecast", (times[-1], float(forecast.point[busiest][-1])), (4, -3), textcoords="offset points")


def draw_limit(axes: "Axes", outlook: "Outlook") -> None:
    """The limit, and the range of dates at which it is reached."""
    if outlook.limit is None:
        return
    axes.axhline(outlook.limit, color="black", linewidth=1.2, linestyle=(0, (6, 2, 1, 2)))
    left: Any = _wall(outlook, 0)
    axes.annotate(f"limit {outlook.limit:g}", (left, outlook.limit), (0, 4), textcoords="offset points")
    breach, first = outlook.breach, len(outlook.history.mean)
    if breach is None or breach.early80 is None:
        return
    begin: Any = _wall(outlook, first + breach.early80)
    late = breach.late80 if breach.late80 is not None else outlook.horizon_h
    end: Any = _wall(outlook, first + late)
    axes.axvspan(begin, end, facecolor="none", edgecolor="black", hatch="\\\\", linewidth=1.0, alpha=0.6)
    until = f"{end:%d %b}" if breach.late80 is not None else "after the horizon"
    top = axes.get_xaxis_transform()
    said = f"limit reached: {begin:%d %b} to {until} (80 %)"
    axes.text(begin, 0.98, f"{said} ", transform=top, ha="right", va="top", fontsize=9, backgroundcolor="white")


def draw_refusals(axes: "Axes", outlook: "Outlook") -> None:
    """What was refused stands in the picture too: a picture travels without its text."""
    if not outlook.refusals:
        return
    lines = [
        f"{ {'forecast': 'No forecast', 'horizon': 'Shorter horizon', 'date': 'No date'}[r.stops] }: {r.says}"
        for r in outlook.refusals
    ]
    box = {"boxstyle": "square", "facecolor": "white", "edgecolor": "black"}
    axes.text(0.01, 0.03, "\n".join(lines), transform=axes.transAxes, fontsize=8, va="bottom", bbox=box, wrap=True)
