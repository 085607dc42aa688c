"""A history from any server that speaks the Prometheus API: one range query, whatever the number of hosts behind it."""

import json
import math
from typing import Any

from infra_maintainer.evidence.model import Why
from infra_maintainer.history.trace import Trace, from_pairs
from infra_maintainer.world.exchange import Ask, Exchange
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.world import World

MOST_POINTS = 10_000
"""Servers refuse more than 11,000 points per series."""
LEAST_STEP_S = 900
LIMIT_BYTES = 4 << 20
HOUR_S = 3600


def read_range(world: World, base: str, query: str, quantity: str, subject: str, days: int, *, counter: bool) -> Trace:
    """The last `days` of an expression that gives exactly one series. Raises WorldError."""
    end = int(world.clock.now().timestamp()) // HOUR_S * HOUR_S  # whole hours: a replay asks the same question
    step = max(LEAST_STEP_S, math.ceil(days * 86400 / MOST_POINTS / 60) * 60)
    form = {"query": query, "start": str(end - days * 86400), "end": str(end), "step": str(step), "timeout": "30s"}
    url = base.rstrip("/") + "/api/v1/query_range"
    answer = world.http.exchange(Ask(url=url, method="POST", form=form, timeout_s=30, max_bytes=LIMIT_BYTES))
    data, warnings = _data(answer, base)
    return _trace(data, warnings, query, quantity, subject, step, counter=counter)


def _data(answer: Exchange, base: str) -> tuple[Any, list[str]]:
    if answer.failure:
        why: Why = "timeout" if answer.failure == "timeout" else "unreachable"
        raise WorldError(why, f"{base}: {answer.failure}: {answer.detail}", "check the address and that it answers")
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        said = f"{base} answered {answer.status} with something that is not the Prometheus API"
        raise WorldError("error", said, "a proxy or a login page may be in the way: name the server itself")
    fields: dict[str, Any] = {str(key): value for key, value in body.items()}  # pyright: ignore[reportUnknownArgumentType]
    if fields.get("status") != "success":
        raise WorldError("error", f"{base}: {fields.get('errorType')}: {fields.get('error')}", "mend the expression")
    return fields.get("data"), [str(each) for each in fields.get("warnings") or []]


def _trace(
    data: Any, warnings: list[str], query: str, quantity: str, subject: str, step: int, *, counter: bool
) -> Trace:
    series = data.get("result") if isinstance(data, dict) else None
    if not isinstance(series, list) or not series:
        raise WorldError(
            "no_data", f"no sample for {query!r}", "check the expression and how long the server keeps data"
        )
    if len(series) > 1:
        detail = f"{query!r} gives {len(series)} series, one is needed"
        raise WorldError("error", detail, "aggregate it: sum(…), max(…) or a fuller selector")
    pairs = [(float(at), float(value)) for at, value in series[0]["values"]]
    notes: tuple[str, ...] = (f"values {step // 60} min apart: shorter peaks are not seen",)
    notes += tuple(f"the server warns: {each}" for each in warnings)
    known = [pair for pair in pairs if math.isfinite(pair[1])]
    return from_pairs(quantity, subject, known, f"Prometheus range query {query}", counter=counter, notes=notes)
