"""Availability of declared journeys by the requests of real users: their routes in a log or in Prometheus.

By requests, planned downtime counts like any other: users did not plan it. A log holds no request while the server that
writes it is down, so the longest silence is told beside the share.
"""

from collections.abc import Generator, Iterator
from datetime import timedelta

from infra_maintainer.logs.summary import LogSummary
from infra_maintainer.logs.wanted import Wanted
from infra_maintainer.prometheus import expressions as ex
from infra_maintainer.prometheus.client import Client
from infra_maintainer.reliability.availability import of_requests
from infra_maintainer.reliability.burn import WINDOWS_MIN
from infra_maintainer.reliability.routes import Counted, count, longest_silence_s
from infra_maintainer.sources import journey, journey_burn, log_end
from infra_maintainer.sources.journey_burn import SHARE, Spent
from infra_maintainer.sources.registry import AnyEvidence
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.system.prometheus import Prometheus
from infra_maintainer.system.service import Journey
from infra_maintainer.world.failure import WorldError

QUANTITIES = (
    SHARE,
    f"{SHARE}.failed",
    f"{SHARE}.budget_spent",
    f"{SHARE}.silence",
    f"{SHARE}.quiet",
    f"{SHARE}.unseen",
    f"{SHARE}.late",
    f"{SHARE}.limit",
    f"{SHARE}.planned",
    *journey_burn.QUANTITIES,
)
_FAILED = ("failed", "born")
HOW = (
    "name routes as reports show them, ids as :id: routes = ['GET /cart', 'POST /pay/:id']; a path that only ever "
    "answered 4xx, static files and health checks are no routes"
)


def declared(survey: Survey, name: str | None = None) -> list[tuple[str, Journey]]:
    """Subject and journey of each that names routes; with `name` only those that this log or server may count."""
    return [
        (journey.subject_of(service, each), each)
        for service in survey.system.service
        for each in service.journey
        if each.routes and (name is None or each.counted_by in (None, name))
    ]


def wanted(survey: Survey, name: str) -> Wanted:
    """The routes that this log is asked for, and the limits of their answers."""
    journeys = [each for _, each in declared(survey, name)]
    limits = {_us(each.limit_ms) for each in journeys if each.limit_ms is not None}
    routes = sorted({route for each in journeys for route in each.routes})
    return Wanted(routes, sorted(limits), WINDOWS_MIN)


def _us(limit_ms: float) -> int:
    return round(limit_ms * 1000)


def nowhere(survey: Survey) -> Iterator[AnyEvidence]:
    """Journeys whose routes nothing that is declared could count."""
    places = {*(each.name for each in survey.system.access_log), *(each.name for each in survey.system.prometheus)}
    for subject, each in declared(survey):
        if each.counted_by is not None and each.counted_by not in places:
            detail = f"no [[access_log]] or [[prometheus]] is called {each.counted_by}"
            yield survey.missing(
                SHARE, "not_configured", detail, "correct counted_by", subject=subject, source="infra.toml"
            )
        elif not places:
            yield survey.missing(
                SHARE, "not_configured", "its routes are declared, and nothing that counts requests is",
                "declare an [[access_log]] or a [[prometheus]]", subject=subject, source="infra.toml",
            )  # fmt: skip


def unread(survey: Survey, log: AccessLog, error: WorldError) -> Iterator[AnyEvidence]:
    """Journeys that this log should have counted."""
    for subject, _ in declared(survey, log.name):
        yield survey.missing(
            SHARE, error.why, error.detail, error.how, subject=subject, source=f"access log {log.name}"
        )


def in_log(survey: Survey, log: AccessLog, summary: LogSummary) -> Iterator[AnyEvidence]:
    """Each journey by the routes of this log; without any request of them it is unknown, never 100 %."""
    last, window = summary.last_minute, summary.window_s
    until = f" to {last:%Y-%m-%d %H:%MZ}" if last else ""
    origin = f"access log {log.name} ({summary.format}){until}"
    begin = survey.world.clock.now() - timedelta(days=survey.system.availability.window_days)
    for subject, each in declared(survey, log.name):
        late = _late(summary, each)
        by_route = {one.route: one for one in summary.routes}
        found = count(each.routes, [(n, r.requests, r.failed + (late or {}).get(n, 0)) for n, r in by_route.items()])
        if not found.requests or (last is not None and last < begin):
            detail = f"no user asked for {', '.join(each.routes)} in {summary.parsed:,} lines{until}"
            if summary.other_routes:
                detail += f"; {summary.other_routes} of its routes are not told apart"
            if found.requests:
                detail = f"the log ends{until}, before the window of {survey.system.availability.window_days:g} days"
            yield survey.missing(SHARE, "no_data", detail, HOW, subject=subject, source=origin)
            continue
        spent = yield from _told(survey, subject, each, found, f"{origin}: {', '.join(each.routes)}", window)
        if spent is not None:
            yield from journey_burn.told(survey, spent, journey_burn.in_log(survey, log, summary, each))
        if late is not None:
            slow = count(each.routes, [(name, r.requests, late.get(name, 0)) for name, r in by_route.items()])
            yield survey.measured(
                f"{SHARE}.late", slow.failed, subject=subject, stat="count", n=slow.requests, window=window,
                source=origin,
            )  # fmt: skip
        if (planned := _planned(survey, subject, summary)) is not None:
            yield survey.measured(
                f"{SHARE}.planned", planned, subject=subject, stat="count", window=window, source=origin
            )
        yield survey.measured(
            f"{SHARE}.silence", longest_silence_s([at for at, _, _ in summary.minutes]), subject=subject, stat="max",
            window=window, source=origin,
        )  # fmt: skip
        if (end := log_end.age(survey, summary)) is not None and log_end.knows_now(log, summary):
            yield survey.measured(f"{SHARE}.quiet", end.seconds, subject=subject, source=origin)


def in_metrics(survey: Survey, server: Prometheus, client: Client) -> Iterator[AnyEvidence]:
    """Each journey by two queries for the routes of all. A failed query leaves all of them unknown."""
    journeys = declared(survey, server.name)
    if not journeys:
        return
    window_s = int(survey.system.availability.window_days * 86400)
    routes = sorted({route for _, each in journeys for route in each.routes})
    try:
        points = client.ask(ex.journeys(server, routes, window_s))
    except WorldError as error:
        for subject, _ in journeys:
            yield survey.missing(
                SHARE, error.why, error.detail, error.how, subject=subject, source=f"Prometheus {server.name}"
            )
        return
    parts = {(each.labels.get("part"), each.labels.get(server.route_label, "")): each.value for each in points}
    asked = [
        (route, round(value), min(round(value), round(sum(parts.get((each, route), 0.0) for each in _FAILED))))
        for (part, route), value in parts.items()
        if part == "requests"
    ]
    watched_s = min(float(window_s), parts.get(("steps", ""), 0.0) * ex.step_s(window_s))
    watched = journey_burn.in_metrics(server, client, [each for _, each in journeys])
    for (subject, each), seen in zip(journeys, watched, strict=True):
        found = count(each.routes, asked)
        query = f"{server.name}: increase({server.requests}[{window_s}s]) of {', '.join(each.routes)}"
        if not found.requests:
            detail = f"no {server.requests} of {', '.join(each.routes)} grew in the window"
            yield survey.missing(SHARE, "no_data", detail, HOW, subject=subject, source=query)
            continue
        spent = yield from _told(survey, subject, each, found, query, watched_s)
        if spent is not None:
            yield from journey_burn.told(survey, spent, seen)


def _late(summary: LogSummary, of: Journey) -> dict[str, int] | None:
    """Answers beyond the limit by route; None without a limit, and where the log cannot tell."""
    if of.limit_ms is None or summary.users is None or not summary.users.timed:
        return None
    return summary.late.get(_us(of.limit_ms))


def _planned(survey: Survey, subject: str, summary: LogSummary) -> int | None:
    """Failed requests of the whole log in announced downtime of the journey's service; None when none was announced."""
    service = subject.partition(":")[2].partition("/")[0]
    announced = [each for each in survey.system.planned_downtime if each.service == service]
    if not announced:
        return None
    spans = [(each.begin.timestamp() // 60, each.end.timestamp() / 60) for each in announced]
    return sum(failed for at, _, failed in summary.minutes if any(begin <= at < end for begin, end in spans))


def _told(
    survey: Survey, subject: str, of: Journey, found: Counted, origin: str, window: float | None
) -> Generator[AnyEvidence, None, Spent | None]:
    if of.limit_ms is not None:
        yield survey.declared(f"{SHARE}.limit", of.limit_ms, subject=subject)
    share, n = of_requests(found.requests, found.failed), found.requests
    yield survey.measured(SHARE, share, subject=subject, stat="ratio", n=n, window=window, source=origin)
    yield survey.measured(
        f"{SHARE}.failed", found.failed, subject=subject, stat="count", n=n, window=window, source=origin
    )
    spent = None
    if allowed := journey_burn.budget(survey):
        part = percent(found.failed, n * allowed)
        record = survey.measured(
            f"{SHARE}.budget_spent", part, subject=subject, stat="ratio", n=n, window=window, source=origin
        )
        yield record
        spent = Spent(record, origin)
    if found.unseen:
        names = ", ".join(found.unseen)
        yield survey.measured(f"{SHARE}.unseen", names, subject=subject, window=window, source=origin)
    return spent
