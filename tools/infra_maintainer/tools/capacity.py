"""draft_capacity_plan: will it hold, for how long, what breaks first."""

from math import inf
from typing import Any

from infra_maintainer.assess.arithmetic.capacity import Spike, capacity_arithmetic, limits
from infra_maintainer.assess.assess import assess
from infra_maintainer.assess.plan import CapacityReport, with_plan
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.sources.gather import gather
from infra_maintainer.sources.past_forecasts import LEDGER, ledger_record, past_forecasts
from infra_maintainer.sources.registry import sources_for
from infra_maintainer.sources.survey import Survey
from infra_maintainer.tools.kit import Kit, Progress
from infra_maintainer.tools.outlooks import Outlooks
from infra_maintainer.tools.run import keep
from infra_maintainer.world.world import World

DAY_S = 86400


def draft_capacity_plan(
    kit: Kit,
    world: World,
    urls: list[str],
    progress: Progress | None = None,
    *,
    spike_multiple: float | None = None,
    horizon_days: float | None = None,
    outlooks: Outlooks | None = None,
) -> CapacityReport:
    """The capacity plan. `spike_multiple` is the user's own; `outlooks` receives what a chart needs.

    Raises ValueError for a multiple of one or less, or a horizon outside 1 to 400 days.
    """
    horizon = kit.policy["capacity.horizon"].number if horizon_days is None else horizon_days
    if spike_multiple is not None and not 1 < spike_multiple < inf:
        raise ValueError(f"a spike of {spike_multiple:g} times the peak: give a number above 1, such as 3")
    if not 1 <= horizon <= 400:
        raise ValueError(f"a horizon of {horizon:g} days: give 1 to 400")
    seen = outlooks or Outlooks()
    options: dict[str, Any] = {
        "limits": limits(kit.policy), "horizon_days": horizon, "outlooks": seen.seen, "live": not kit.replays
    }  # fmt: skip
    system = kit.system.with_urls(urls)
    survey = Survey(world, system, history=kit.store, options=options, progress=progress)
    evidence = gather(sources_for("capacity"), survey)
    names = {"campaign": kit.policy["capacity.spike.campaign"], "viral": kit.policy["capacity.spike.viral"]}
    spikes = [Spike(name, rule.number, f"policy {rule.id}") for name, rule in names.items()]
    if spike_multiple is not None:
        spikes.insert(0, Spike("asked", spike_multiple, "the user's question"))
    now = world.clock.now()
    evidence += capacity_arithmetic(evidence, kit.policy, now, spikes)
    report = with_plan(assess(evidence, kit.policy, "capacity", now))
    return remember(report, kit, seen, now.timestamp())


def remember(report: CapacityReport, kit: Kit, seen: Outlooks, now: float) -> CapacityReport:
    """Keep the report, and each forecast in the ledger at most once a day."""
    kept = keep(report, kit)
    report = report.model_copy(update={"replayed": kept.replayed})
    if kit.store is None:
        return report
    try:
        old = past_forecasts(kit.store)
        for quantity, subject, outlook in seen.seen:
            same = [row["made_at"] for row in old if (row["quantity"], row["subject"]) == (quantity, subject)]
            record = ledger_record(outlook, quantity, subject, now)
            if record is not None and all(abs(now - made_at) >= DAY_S for made_at in same):
                kit.store.append(LEDGER, report.as_of, record)
    except StoreError as error:
        return report.model_copy(update={"notes": [*kept.notes, f"The forecasts were not kept: {error}"]})
    return report.model_copy(update={"notes": kept.notes})
