"""How often a fabricated number would be called supported, by number of evidence values: the reason for strictness."""

import random
from typing import NamedTuple

from infra_maintainer.answer.ledger import Entry, Ledger
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verify import verify

_UNITS = ("ms", "%", "d", "By")
_STATS = ("p50", "p95", "p99", "mean")
_SERVICES = ("checkout", "login", "search", "cart", "profile", "catalogue")
SETTINGS = ("one unit", "four units", "named")


class Share(NamedTuple):
    """Of `tried` fabricated three-digit numbers `supported` were called supported, against `values` evidence values."""

    values: int
    setting: str
    supported: int
    tried: int


def simulate(values: int, setting: str, worlds: int, per_world: int, seed: int = 7) -> Share:
    """Three-digit numbers drawn apart from the evidence, written as free text without any citation.

    "one unit": all evidence and every number is in milliseconds and the text names nothing, the worst case.
    "four units": ms, %, d and By in equal parts, as reports mix them; the text names nothing.
    "named": latencies of six services by four statistics; the text says which one it means.
    """
    draw = random.Random(f"{values}{setting}{seed}")
    supported = tried = 0
    for _ in range(worlds):
        run = Run(_evidence(values, setting, draw))
        for _ in range(per_world):
            (number,) = verify(_sentence(setting, draw), run).numbers
            supported += number.status == "supported"
            tried += 1
    return Share(values, setting, supported, tried)


def _sentence(setting: str, draw: random.Random) -> str:
    shown = _three_digits(draw)
    if setting == "named":
        return f"The {draw.choice(('P95', 'P99'))} latency of {draw.choice(_SERVICES)} is {shown} ms."
    return f"We saw {shown} {'ms' if setting == 'one unit' else draw.choice(_UNITS)} here."


def _evidence(values: int, setting: str, draw: random.Random) -> Ledger:
    leaves: dict[str, object] = {}
    for index in range(values):
        unit = _UNITS[index % 4] if setting == "four units" else "ms"
        named: dict[str, object] = {}
        if setting == "named":
            subject = f"service:{_SERVICES[index % 6]}"
            named = {"quantity": "requests.latency", "subject": subject, "stat": _STATS[index % 4]}
        leaves[f"v{index}"] = {"value": _three_digits(draw), "unit": unit, **named}
    return Ledger([Entry("ev1", data=leaves)])


def _three_digits(draw: random.Random) -> float:
    """Three significant digits, log-uniform over four decades, as measured values are."""
    return float(f"{10 ** draw.uniform(0, 4):.3g}")
