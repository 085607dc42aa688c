"""What a Kubernetes cluster costs by namespace, its idle share apart, from OpenCost's API."""

import json
from collections.abc import Iterator
from typing import Any

from infra_maintainer.bills.figures import plain
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey
from infra_maintainer.system.recommendation import Opencost
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.failure import WorldError


@source(
    title="cluster cost from OpenCost",
    jobs=("costs",),
    quantities=("cluster.cost", "cluster.idle"),
    also=("cluster.namespace.cost", "cluster.namespace.efficiency"),
    subjects=lambda survey: [f"cluster:{each.cluster}" for each in survey.system.opencost],
)
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Idle is a share of the cluster, never of a namespace; some of it is room for the loss of a node."""
    for each in survey.system.opencost:
        query = f"window={each.days}d&aggregate=namespace&includeIdle=true&accumulate=true"
        url = f"{each.url.rstrip('/')}/allocation?{query}"
        answer = survey.world.http.exchange(Ask(url=url, timeout_s=20, max_bytes=8 << 20))
        if answer.status != 200:
            said = answer.detail or f"status {answer.status}"
            raise WorldError("unreachable", f"OpenCost at {each.url}: {said}", "check the address of OpenCost")
        yield from _figures(survey, each, parse(answer.body))


def _figures(survey: Survey, each: Opencost, costs: dict[str, tuple[float, float | None]]) -> Iterator[AnyEvidence]:
    subject, window, origin = f"cluster:{each.cluster}", each.days * 86400.0, f"OpenCost {each.url}"
    total = sum(cost for cost, _ in costs.values())
    idle = costs.get("__idle__", (0.0, None))[0]
    yield survey.measured("cluster.cost", total, subject=subject, stat="sum", window=window, source=origin,
                          currency=each.currency)  # fmt: skip
    if total > 0:
        yield survey.measured("cluster.idle", 100 * idle / total, subject=subject, stat="ratio", window=window,
                              source=origin)  # fmt: skip
    for name, (cost, efficiency) in costs.items():
        if name.startswith("__"):
            continue
        space = f"namespace:{each.cluster}/{plain(name)}"
        yield survey.measured("cluster.namespace.cost", cost, subject=space, stat="sum", window=window, source=origin,
                              currency=each.currency)  # fmt: skip
        if efficiency is not None:
            yield survey.measured("cluster.namespace.efficiency", 100 * efficiency, subject=space, stat="ratio",
                                  window=window, source=origin)  # fmt: skip


def parse(body: str) -> dict[str, tuple[float, float | None]]:
    """Total cost and efficiency (0..1) by namespace; `__idle__` is OpenCost's own name. Raises WorldError."""
    try:
        data: Any = json.loads(body)["data"]
        sets = [each for each in data if each]
        merged: dict[str, tuple[float, float | None]] = {}
        for entry in sets:
            for name, row in entry.items():
                before = merged.get(str(name), (0.0, None))[0]
                efficiency = row.get("totalEfficiency")
                merged[str(name)] = (
                    before + float(row["totalCost"]),
                    None if efficiency is None else float(efficiency),
                )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorldError("error", f"OpenCost's answer is not understood: {error!r}", "check its version") from error
    if not merged:
        raise WorldError("no_data", "OpenCost has no allocation in the window", "wait until it has collected a day")
    return merged
