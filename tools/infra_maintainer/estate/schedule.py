"""Machines for development and test that run all night: a timetable, never a deletion, and only where a tag says so."""

from collections.abc import Iterable
from datetime import datetime

from infra_maintainer.estate.dossier import Dossier
from infra_maintainer.estate.guards import guard
from infra_maintainer.estate.saving import Rates, saving
from infra_maintainer.estate.unused import unanswered
from infra_maintainer.estate.verdict import Verdict

NOT_PRODUCTION = frozenset({"dev", "development", "test", "testing", "qa", "staging", "stage", "sandbox"})
# 12 hours on 5 days are 60 of 168 hours: the least that such a timetable leaves switched off is taken as a half.
OFF_LEAST, OFF_MOST = 0.5, 1 - 60 / 168


def judge_schedule(dossiers: Iterable[Dossier], rates: Rates, as_of: datetime) -> list[Verdict]:
    """For review: machines tagged as not production that are known to run through the night without work."""
    return [
        _judge(each, rates, as_of)
        for each in dossiers
        if each.kind == "instance" and _tagged(each) and each.flag("resource.night_work") is not None
    ]


def _tagged(dossier: Dossier) -> bool:
    tags = dossier.tags or {}
    return any(tags.get(key, "").lower() in NOT_PRODUCTION for key in ("env", "environment", "stage"))


def _judge(dossier: Dossier, rates: Rates, as_of: datetime) -> Verdict:
    cost = dossier.cost
    amount = float(cost.value) if cost is not None and not isinstance(cost.value, str) else None
    verdict = Verdict(
        rule="runs_at_night",
        resource=dossier.subject,
        kind="instance",
        verdict="in_use",
        says="runs at night and on weekends without work, tagged as not production",
        monthly_cost=amount,
        currency=cost.unit if cost is not None else None,
        order="schedule",
        next_step="Agree working hours with its users, then stop and start it by a timetable.",
        reversible="yes: switch the timetable off",
        verify="aws cloudwatch get-metric-statistics --period 3600 --dimensions Name=InstanceId,Value=ID",
        evidence=dossier.ids("resource.cost", "resource.night_work", "resource.tags"),
    )
    if dossier.flag("resource.night_work") or dossier.flag("resource.running") is False:
        return verdict
    guarded = guard(dossier, ("schedule", "burst", "group_member"), as_of)
    if guarded.hits:
        hit = guarded.hits[0]
        return verdict.model_copy(update={"verdict": "protected", "guards_hit": [hit.guard], "buys": hit.buys})
    gaps = guarded.unknown + ([] if amount is not None else ["resource.cost"])
    if gaps:
        answers = [unanswered(dossier, each) for each in gaps]
        return verdict.model_copy(update={"verdict": "unknown", "unanswered": answers})
    low, _ = saving(dossier, rates, cut=(amount or 0.0) * OFF_LEAST)
    _, high = saving(dossier, rates, cut=(amount or 0.0) * OFF_MOST)
    return verdict.model_copy(update={"verdict": "review", "saving_low": low, "saving_high": high})
