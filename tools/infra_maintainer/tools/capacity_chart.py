"""The picture of one forecast: history, two bands, limit, breach range. Legible in black and white; never alone."""

from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from infra_maintainer.assess.arithmetic.capacity import series, spoken
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.tools.chart_marks import draw_forecast, draw_history, draw_limit, draw_refusals

if TYPE_CHECKING:
    from infra_maintainer.forecast.outlook import Outlook

FORMS = ("png", "svg")


def most_urgent(outlooks: "list[tuple[str, str, Outlook]]") -> "tuple[str, str, Outlook]":
    """The series to draw: earliest breach, else the highest share of its limit. Raises ValueError without a series."""
    if not outlooks:
        raise ValueError("there is no history to draw: start infra-maintainer watch, or declare [[history]]")

    def urgency(seen: "tuple[str, str, Outlook]") -> tuple[float, float]:
        _, _, outlook = seen
        early = outlook.breach.early80 if outlook.breach else None
        peak = max((value for value in outlook.history.mean.tolist() if value == value), default=0.0)
        return (float("inf") if early is None else early, -(peak / outlook.limit if outlook.limit else 0.0))

    return min(outlooks, key=urgency)


def draw(quantity: str, subject: str, outlook: "Outlook", *, form: str = "png") -> bytes:
    """A PNG or SVG. Raises ValueError for another form, or when the extra `chart` is not installed."""
    if form not in FORMS:
        raise ValueError(f"a chart is written as {' or '.join(FORMS)}, not as {form!r}")
    if find_spec("matplotlib") is None:
        raise ValueError("matplotlib is not installed: pip install 'infra-maintainer[chart]'")
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.fonttype": "none", "font.size": 10, "hatch.linewidth": 0.4}):
        figure, axes = pyplot.subplots(figsize=(10, 4.8), layout="constrained")
        try:
            draw_history(axes, outlook)
            draw_forecast(axes, outlook)
            draw_limit(axes, outlook)
            draw_refusals(axes, outlook)
            axes.set_title(f"{spoken(series(quantity, subject))}: busiest hour of each day", loc="left")
            axes.set_ylabel("per second" if unit_of(quantity) == "1/s" else unit_of(quantity))
            axes.set_xlabel(f"time ({outlook.history.zone})")
            axes.spines[["top", "right"]].set_visible(False)
            file = BytesIO()
            figure.savefig(file, format=form, dpi=110, metadata={"Date": None} if form == "svg" else None)
        finally:
            pyplot.close(figure)
    return file.getvalue()
