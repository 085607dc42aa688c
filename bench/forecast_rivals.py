"""AutoETS, AutoARIMA, MSTL and Prophet on the same split; runs in an environment of its own.

    python3 -m venv /tmp/forecast-rivals
    /tmp/forecast-rivals/bin/pip install statsforecast prophet pandas

Called by forecast.py as `PYTHON forecast_rivals.py MODEL NAMES.json ANSWERS.jsonl`: appends one JSON line per series.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from forecast_series import Series, load, seeded

LIMIT_S = 180  # a series that takes longer than this is recorded as not finished


def filled(values: np.ndarray) -> np.ndarray:
    """Gaps interpolated, since none of these models takes them."""
    known = np.isfinite(values)
    return np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])


def statistics(model: str, series: Series) -> dict[str, list[float]]:
    """Point and both intervals from one model of statsforecast."""
    from statsforecast.models import MSTL, AutoARIMA, AutoETS

    known = filled(series.known)
    weekly = len(known) >= 3 * 168
    chosen = {
        "AutoETS": lambda: AutoETS(season_length=24, damped=True),
        "AutoARIMA": lambda: AutoARIMA(season_length=24),
        "MSTL": lambda: MSTL(season_length=[24, 168] if weekly else [24]),
    }[model]()
    answer = chosen.forecast(y=known, h=len(series.held_out), level=[80, 95])
    return {
        "mean": answer["mean"], "lo80": answer["lo-80"], "hi80": answer["hi-80"],
        "lo95": answer["lo-95"], "hi95": answer["hi-95"],
    }  # fmt: skip


def prophet(series: Series) -> dict[str, list[float]]:
    """Point and both intervals from one Prophet fit and its predictive samples."""
    import pandas
    from prophet import Prophet

    start = series.start or 1479081600  # a Monday, where the series does not say
    stamps = pandas.to_datetime(start + 3600 * np.arange(len(series.values)), unit="s")
    known = series.known
    model = Prophet(interval_width=0.8)
    model.fit(pandas.DataFrame({"ds": stamps[: len(known)], "y": known}))
    future = pandas.DataFrame({"ds": stamps[len(known) :]})
    samples = model.predictive_samples(future)["yhat"]
    low95, low80, high80, high95 = np.quantile(samples, [0.025, 0.1, 0.9, 0.975], axis=1)
    return {
        "mean": model.predict(future)["yhat"].to_numpy(),
        "lo80": low80, "hi80": high80, "lo95": low95, "hi95": high95,
    }  # fmt: skip


def _too_long(_number: int, _frame: object) -> None:
    raise TimeoutError(f"not finished in {LIMIT_S} s")


def main() -> None:
    """Forecasts every named series with one model; each line is flushed, so a stop loses one series."""
    model, folder, names, out = sys.argv[1], sys.argv[2], set(json.loads(Path(sys.argv[3]).read_text())), sys.argv[4]
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _too_long)
    every = seeded() if folder == "-" else load(Path(folder))
    with open(out, "a", encoding="utf-8") as lines:
        for series in every:
            key = f"{series.family}/{series.name}"
            if key not in names:
                continue
            begin = time.perf_counter()
            signal.alarm(LIMIT_S)
            try:
                answer = prophet(series) if model == "Prophet" else statistics(model, series)
                row: dict[str, object] = {k: [round(float(x), 5) for x in v] for k, v in answer.items()}
            except Exception as error:  # a rival's failure is a result of the benchmark
                row = {"failed": f"{type(error).__name__}: {error}"[:200]}
            signal.alarm(0)
            row |= {"key": key, "model": model, "seconds": time.perf_counter() - begin}
            lines.write(json.dumps(row) + "\n")
            lines.flush()


if __name__ == "__main__":
    main()
