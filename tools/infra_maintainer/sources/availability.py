"""Availability of journeys and addresses over a window, from the samples that earlier runs kept in the store."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import NamedTuple

from infra_maintainer.evidence.model import Stat
from infra_maintainer.evidence.store import StoreError
from infra_maintainer.reliability.availability import of_time, planned_part, stretches_of
from infra_maintainer.reliability.burn import RULES, burns
from infra_maintainer.sources import endpoint, journey, journey_burn, journey_traffic
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import MEND_STORE, Survey, percent
from infra_maintainer.world.failure import WorldError

TARGET, TARGET_PERCENT = "health.traffic.availability", 99.9
INTERVALS = 2  # a sample speaks for at most two usual intervals: one lost run is no gap, two are
HOW = "run `infra-maintainer health` from a timer, every five minutes say, always with the same --store"


class Watched(NamedTuple):
    """Something users call, the service it belongs to, and which kept quantity says whether it worked."""

    subject: str
    service: str | None
    quantity: str


def watched(survey: Survey) -> list[Watched]:
    """Every declared journey, then every address."""
    journeys = [
        Watched(journey.subject_of(service, each), service.name, "journey.ok")
        for service in survey.system.service
        for each in service.journey
    ]
    addresses = [Watched(endpoint.subject_of(each), each.service, "endpoint.errors") for each in survey.system.endpoint]
    return [*journeys, *addresses]


def subjects(survey: Survey) -> list[str]:
    """One subject per journey and address."""
    return list(dict.fromkeys(each.subject for each in watched(survey)))


@source(
    title="availability of journeys and addresses, from the samples of earlier runs",
    jobs=("health",),
    quantities=("availability.best",),
    also=(
        "availability.worst", "availability.watched", "availability.down", "availability.planned",
        "availability.pace", "availability.gap", "availability.budget_spent",
        *(f"availability.burn.{rule.name}" for rule in RULES), journey_burn.SHARE,
    ),
    subjects=subjects,
)  # fmt: skip
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Each journey and address; what was never sampled is unknown."""
    known = {service.name for service in survey.system.service} | {each.service for each in watched(survey)}
    for planned in survey.system.planned_downtime:
        if planned.service not in known:
            yield survey.missing(
                "availability.planned", "not_configured", f"no journey or address belongs to {planned.service}",
                "name a declared service in [[planned_downtime]]", subject=f"service:{planned.service}",
                source="infra.toml",
            )  # fmt: skip
    yield from journey_traffic.nowhere(survey)
    for each in watched(survey):
        yield from _availability(survey, each)


def _availability(survey: Survey, about: Watched) -> Iterator[AnyEvidence]:
    settings, end = survey.system.availability, survey.world.clock.now().timestamp()
    begin, longest = end - settings.window_days * 86400, settings.longest_gap_min * 60
    try:
        kept = survey.world.engine(
            "kept_samples",
            {"quantity": about.quantity, "subject": about.subject, "window_days": settings.window_days},
            partial(_kept, survey, about, begin - longest),
        )
    except WorldError as error:
        yield survey.missing(
            "availability.best", error.why, error.detail, error.how, subject=about.subject, source="store"
        )
        return
    yield from _told(survey, about, [(float(at), _worked(about, float(value))) for at, value in kept], begin, end)


def _is_journey(about: Watched) -> bool:
    return about.quantity == "journey.ok"


def _worked(about: Watched, value: float) -> bool:
    """A look is down when at least half of its requests failed; fewer are errors, and told as such."""
    return value > 50 if _is_journey(about) else value < 50


def _told(
    survey: Survey, about: Watched, looks: list[tuple[float, bool]], begin: float, end: float
) -> Iterator[AnyEvidence]:
    steps = [later[0] - earlier[0] for earlier, later in zip(looks, looks[1:], strict=False)]
    pace = median(steps) if steps else 0.0
    gap = min(INTERVALS * pace, survey.system.availability.longest_gap_min * 60)
    stretches = stretches_of(looks, gap)
    announced = [
        (each.begin.timestamp(), each.end.timestamp())
        for each in survey.system.planned_downtime
        if each.service == about.service
    ]
    found = of_time([*stretches, *planned_part(stretches, announced)], begin, end)
    if found.best is None or found.worst is None:
        detail = f"{len(looks)} earlier samples of it in the last {(end - begin) / 86400:g} days: two are the least"
        routes = {subject for subject, _ in journey_traffic.declared(survey)}
        named = not _is_journey(about) or about.subject in routes
        how = HOW if named else f"{HOW}; or name its routes in infra.toml, when its requests are logged"
        yield survey.missing("availability.best", "no_data", detail, how, subject=about.subject, source="store")
        return
    inside = sum(at >= begin for at, _ in looks)
    origin = f"{inside} samples of {about.quantity} kept by earlier runs; without one for {gap:.0f} s: unknown"
    rows: list[tuple[str, float, Stat]] = [
        ("best", found.best, "ratio"),
        ("worst", found.worst, "ratio"),
        ("watched", found.watched, "ratio"),
        ("down", (end - begin) * (100 - found.best) / 100, "sum"),
        ("planned", (end - begin) * found.planned_down / 100, "sum"),
        ("pace", pace, "p50"),
        ("gap", gap, "max"),
    ]
    budget = 1 - float(survey.system.policy.get(TARGET, TARGET_PERCENT)) / 100
    if 0 < budget < 1:
        rows.append(("budget_spent", percent(100 - found.best, 100 * budget), "ratio"))
    for name, value, stat in rows:
        yield survey.measured(
            f"availability.{name}", value, subject=about.subject, stat=stat, n=inside, window=end - begin, source=origin
        )
    minutes = [(int(at // 60), 1, int(not up)) for at, up in looks]
    for burn in burns(minutes, int(end // 60) + 1, budget) if 0 < budget < 1 else []:
        yield survey.measured(
            f"availability.burn.{burn.rule.name}", burn.rate, subject=about.subject, stat="ratio", n=burn.requests,
            window=burn.rule.long * 60, source=origin,
        )  # fmt: skip


def _kept(survey: Survey, about: Watched, since_s: float) -> list[list[float]]:
    """Samples as plain numbers (epoch seconds, per cent), oldest first; none where nothing is kept."""
    if survey.history is None:
        return []
    try:
        samples = survey.history.samples(about.quantity, about.subject, datetime.fromtimestamp(since_s, UTC))
    except StoreError as error:
        raise WorldError("error", str(error), MEND_STORE) from error
    return [[each.at.timestamp(), each.value] for each in samples]
