"""What a log says about its users, from the engine's counts.

All percentiles are exact: the smallest value that at least that share of the requests does not exceed (nearest rank).
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import Field

from infra_maintainer.evidence.model import Frozen
from infra_maintainer.logs.classes import HEALTH, NEVER_THERE, STATIC, STRAY
from infra_maintainer.logs.cut_off import cut_off_us
from infra_maintainer.logs.moments import (
    MINUTE_TEXT,
    TIME_OF_MOMENT,
    Bounds,
    bounds_of,
    in_zone,
    one_number,
    zoneless_times,
)
from infra_maintainer.logs.upstreams import UpstreamStats, upstream_stats
from infra_maintainer.logs.wanted import Wanted

if TYPE_CHECKING:
    from infra_maintainer.logs.engine import LogEngine

MOST_ROUTES, MOST_SHOWN = 200, 25
FEWEST_FAILED = 3  # fewer are no rate, and not found


class RouteStats(Frozen):
    """One route, ids folded, as its users met it. Times in microseconds; None where the log carries no times."""

    route: str
    requests: int
    timed: int
    p50_us: int | None
    p95_us: int | None
    p99_us: int | None
    mean_us: float | None
    time_us: int = Field(description="time that users spent in it, summed")
    upstream_time_us: int | None = Field(description="of that, time spent in upstreams; None when not logged")
    failures: dict[str, int]
    retried: int | None = Field(description="requests that took several attempts; None when attempts are not logged")
    hidden_retries: int | None = Field(description="of those, the ones that ended without a failure")
    cut_off_us: int | None = Field(description="a time-out at a round value that ends requests before their time")
    clients_failed: int | None

    @property
    def failed(self) -> int:
        """Requests that failed for their user."""
        return sum(self.failures.values())


class Recent(Frozen):
    """A wanted route in the last minutes of the log, its last one included."""

    route: str
    window_min: int
    requests: int
    failed: int
    late: dict[int, int] = Field(description="microseconds -> requests that were answered well, and later than that")


class LogSummary(Frozen):
    """A log, or a rotated set of one, as its users felt it."""

    files: list[str]
    format: str
    assumed: bool = Field(description="recognised from its lines, not from the server's configuration")
    fields: list[str] = Field(description="what its lines tell; without agent where none of them names one")
    lines: int
    parsed: int
    refused: dict[str, int]
    refused_examples: dict[str, list[str]] = Field(description="UNTRUSTED text from the log")
    unfinished: int
    problems: list[str]
    stopped_early: bool
    first_minute: datetime | None
    last_minute: datetime | None
    begin: datetime | None = Field(default=None, description="second of its first line, of whatever client")
    end: datetime | None = Field(default=None, description="second of its last line, of whatever client")
    last_request: datetime | None = Field(default=None, description="second of the last request of a user")
    zone: str | None = Field(default=None, description="in which times were read; None where each names its own")
    traffic: dict[str, int] = Field(description="requests by class: user, static, bot, health; nobody: no request")
    health_failed: int = Field(description="requests of health checks that failed")
    users: RouteStats | None = Field(description="all user requests together")
    routes: list[RouteStats]
    other_routes: int
    upstreams: list[UpstreamStats]
    late: dict[int, dict[str, int]] = Field(
        default={}, description="microseconds -> wanted route -> requests that were answered well, and later than that"
    )
    minutes: list[tuple[int, int, int]] = Field(description="epoch minute, requests, failed; of users as in `users`")
    failing: dict[str, list[tuple[int, int]]] = Field(
        default={}, description="shown routes that fail most by their share -> epoch minute, failed; not of Loki"
    )
    recent: list[Recent] | None = Field(default=None, description="None where nobody counted routes by minute")
    clients: int | None
    clients_failed: int | None
    scanners: int | None = Field(description="clients whose requests were mostly for paths that do not exist")
    repeats: int | None = Field(description="requests of a client again for the route that had just failed it")

    @property
    def window_s(self) -> float | None:
        """Time from the first line to the last; where only minutes are known, that of all of them: at most that long.

        What lies within one second, as logs count them, is at most one long.
        """
        if self.begin is not None and self.end is not None:
            return max(1.0, (self.end - self.begin).total_seconds())
        if self.first_minute is not None and self.last_minute is not None:
            return (self.last_minute - self.first_minute).total_seconds() + 60
        return None


class _Totals(NamedTuple):
    requests: int
    timed: int
    time_us: int | None
    upstream_us: int | None
    attempts_known: int
    retried: int
    hidden: int


class TooManyValues(Exception):
    """The log holds more different routes or clients than can be told apart here."""


def summarise(engine: "LogEngine", files: list[str], *, assumed: bool, zone: str = "UTC") -> LogSummary:
    """Ask the counts everything there is to say. Call it once, after the last `read`.

    Times that carry no zone are read in `zone`. Raise TooManyValues when the distinct routes do not fit in memory.
    """
    from duckdb import OutOfMemoryException

    try:
        return _summarised(engine, files, assumed=assumed, zone=zone)
    except OutOfMemoryException as full:
        raise TooManyValues("it holds more different routes or clients than one report can tell apart") from full


def _summarised(engine: "LogEngine", files: list[str], *, assumed: bool, zone: str) -> LogSummary:
    run, wanted = engine.counts().execute, engine.wanted
    knows_clients = bool(engine.format.fields() & {"client", "forwarded"})
    run(
        "CREATE OR REPLACE TEMP TABLE classes AS SELECT route, CASE "
        f"WHEN regexp_matches(route, '{HEALTH}') THEN 'health' WHEN regexp_matches(route, '{STATIC}') THEN 'static' "
        f"WHEN count(*) FILTER (status NOT IN {NEVER_THERE}) = 0 THEN 'stray' ELSE 'user' END AS class "
        "FROM tally GROUP BY route"
    )
    run(
        "CREATE OR REPLACE TEMP TABLE whole AS SELECT class, agent, "
        f"CASE class WHEN 'stray' THEN '{STRAY}' ELSE route END AS route, failure, tries, us, "
        "sum(n)::BIGINT AS n, sum(upstream_us) AS upstream_us FROM tally JOIN classes USING (route) GROUP BY ALL"
    )
    run("CREATE OR REPLACE TEMP VIEW user_tally AS FROM whole WHERE agent <= 0 AND class IN ('user', 'stray')")
    lines = engine.lines()
    named = run(
        "SELECT route FROM user_tally GROUP BY route ORDER BY sum(us * n) DESC NULLS LAST, sum(n) DESC, route "
        f"LIMIT {MOST_ROUTES}"
    ).fetchall()
    asked = (
        run(
            "SELECT DISTINCT route FROM user_tally WHERE list_contains($1, route) OR list_contains($1, "
            "split_part(route, ' ', 2)) ORDER BY route",
            [list(wanted.routes)],
        ).fetchall()
        if wanted.routes
        else []
    )
    named += [row for row in asked if row not in named]
    all_routes = one_number(engine, "SELECT count(DISTINCT route) FROM user_tally")
    style = engine.format.time_style
    run(
        f"CREATE OR REPLACE TEMP TABLE minutes AS SELECT *, epoch({TIME_OF_MOMENT[style]}) // 60 AS minute FROM "
        f"(SELECT {MINUTE_TEXT[style]} AS moment, sum(n) AS n, sum(failed) AS failed FROM moments GROUP BY 1) "
        "WHERE moment IS NOT NULL"
    )
    moments = run(
        "SELECT minute, sum(n), sum(failed) FROM minutes WHERE minute IS NOT NULL GROUP BY minute ORDER BY minute"
    ).fetchall()
    minutes = [(int(at), int(n), int(failed)) for at, n, failed in moments]
    bounds = bounds_of(engine)
    zoneless = bool(minutes) and zoneless_times(engine)
    if zoneless:
        minutes = [(in_zone(at * 60, zone) // 60, n, failed) for at, n, failed in minutes]
        bounds = bounds and Bounds(*(in_zone(at, zone) for at in bounds))
    named_agents = one_number(engine, "SELECT count(*) FROM (SELECT 1 FROM whole WHERE agent BETWEEN 0 AND 2 LIMIT 1)")
    routes = _routes(engine, [str(row[0]) for row in named], knows_clients)
    clients = run(
        "SELECT count(*), count(*) FILTER (failed > 0), count(*) FILTER (n >= 50 AND not_found * 2 > n) FROM "
        "(SELECT client, sum(n) AS n, sum(failed) AS failed, sum(not_found) AS not_found FROM clients GROUP BY client)"
    ).fetchone()
    assert clients is not None
    return LogSummary(
        files=files,
        format=engine.format.name,
        assumed=assumed,
        fields=sorted(engine.format.fields() - ({"ignored"} if named_agents else {"ignored", "agent"})),
        lines=lines.lines,
        parsed=lines.parsed,
        refused=lines.refused,
        refused_examples=lines.examples,
        unfinished=lines.unfinished,
        problems=lines.problems,
        stopped_early=lines.stopped_early,
        first_minute=datetime.fromtimestamp(minutes[0][0] * 60, UTC) if minutes else None,
        last_minute=datetime.fromtimestamp(minutes[-1][0] * 60, UTC) if minutes else None,
        begin=datetime.fromtimestamp(bounds.begin, UTC) if bounds else None,
        end=datetime.fromtimestamp(bounds.end, UTC) if bounds else None,
        last_request=datetime.fromtimestamp(bounds.last_request, UTC) if bounds else None,
        zone=zone if zoneless else None,
        traffic=_traffic(engine),
        health_failed=one_number(
            engine,
            "SELECT coalesce(sum(n), 0) FROM whole WHERE (agent = 2 OR class = 'health') AND failure IS NOT NULL",
        ),
        users=_stats(engine, None, knows_clients) if all_routes else None,
        routes=routes,
        other_routes=max(0, all_routes - len(named)),
        upstreams=upstream_stats(engine),
        late={limit: _late(engine, [str(row[0]) for row in asked], limit) for limit in wanted.limits_us},
        minutes=minutes,
        failing=_failing(engine, failing_most(routes), zone if zoneless else None),
        recent=_recent(engine, [str(row[0]) for row in asked], wanted, int(moments[-1][0])) if minutes else None,
        clients=int(clients[0]) if knows_clients else None,
        clients_failed=int(clients[1]) if knows_clients else None,
        scanners=int(clients[2]) if knows_clients else None,
        repeats=_repeats(engine) if knows_clients else None,
    )


def _late(engine: "LogEngine", routes: list[str], limit_us: int) -> dict[str, int]:
    rows = engine.connection.execute(
        "SELECT route, sum(n) FROM user_tally WHERE failure IS NULL AND us > $1 AND list_contains($2, route) "
        "GROUP BY route",
        [limit_us, routes],
    ).fetchall()
    return {str(route): int(count) for route, count in rows}


def _recent(engine: "LogEngine", routes: list[str], wanted: Wanted, last: int) -> list[Recent] | None:
    """`last` is the last minute as the log's own clock tells it."""
    if not wanted.by_minute:
        return None
    rows = engine.connection.execute(
        f"SELECT * FROM (SELECT route, {last} - epoch({TIME_OF_MOMENT[engine.format.time_style]}) // 60 AS ago, over, "
        f"n, failed FROM (SELECT route, {MINUTE_TEXT[engine.format.time_style]} AS moment, over, sum(n) AS n, "
        "sum(failed) AS failed FROM paces WHERE list_contains($1, route) AND moment IS NOT NULL GROUP BY ALL)) "
        "WHERE ago < $2",
        [routes, max(wanted.windows_min)],
    ).fetchall()
    found: list[Recent] = []
    for route in routes:
        own = [(ago, over, int(n), int(failed)) for name, ago, over, n, failed in rows if name == route]
        for window in wanted.windows_min:
            inside = [(over, n, failed) for ago, over, n, failed in own if ago < window]
            late = {
                limit: sum(n - failed for over, n, failed in inside if over > beyond)
                for beyond, limit in enumerate(wanted.limits_us)
            }
            requests, failures = (sum(each[at] for each in inside) for at in (1, 2))
            found.append(Recent(route=route, window_min=window, requests=requests, failed=failures, late=late))
    return found


def _failing(engine: "LogEngine", routes: list[str], zone: str | None) -> dict[str, list[tuple[int, int]]]:
    rows = engine.connection.execute(
        f"SELECT route, epoch({TIME_OF_MOMENT[engine.format.time_style]}) // 60 AS minute, sum(n) FROM "
        f"(SELECT route, {MINUTE_TEXT[engine.format.time_style]} AS moment, sum(n) AS n FROM failed "
        "WHERE list_contains($1, route) GROUP BY ALL) "
        "WHERE moment IS NOT NULL GROUP BY ALL HAVING minute IS NOT NULL ORDER BY route, minute",
        [routes],
    ).fetchall()
    found: dict[str, list[tuple[int, int]]] = {}
    for route, at, failed in rows:
        minute = int(at) if zone is None else in_zone(int(at) * 60, zone) // 60
        found.setdefault(str(route), []).append((minute, int(failed)))
    return found


def shown_routes(routes: list[RouteStats]) -> list[RouteStats]:
    """The routes where users spend most of their time, and those that fail most, hidden failures included."""
    costly = routes[:MOST_SHOWN]
    failing = sorted(routes, key=lambda each: -(each.failed + (each.hidden_retries or 0)))[:10]
    return [*costly, *(each for each in failing if each not in costly and each.failed + (each.hidden_retries or 0))]


def failing_most(routes: list[RouteStats]) -> list[str]:
    """Of the shown ones the three of which the largest share failed: no report tells more of them one by one."""
    failing = [each for each in shown_routes(routes) if each.failed >= FEWEST_FAILED]
    return [each.route for each in sorted(failing, key=lambda each: -each.failed / each.requests)[:3]]


def _traffic(engine: "LogEngine") -> dict[str, int]:
    rows = engine.connection.execute(
        "SELECT CASE WHEN agent = 3 THEN 'nobody' WHEN agent = 2 OR class = 'health' THEN 'health' WHEN agent = 1 "
        "THEN 'bot' WHEN class = 'static' THEN 'static' ELSE 'user' END AS class, sum(n) FROM whole GROUP BY 1"
    ).fetchall()
    return {str(name): int(count) for name, count in rows}


def _repeats(engine: "LogEngine") -> int:
    minute = MINUTE_TEXT[engine.format.time_style]
    pairs = f"SELECT route, client, {minute} AS minute, sum(n) AS n FROM failed GROUP BY ALL"
    return one_number(engine, f"SELECT coalesce(sum(n - 1), 0) FROM ({pairs})")


_PERCENTILES = """
WITH steps AS (SELECT {route} AS route, us, sum(n) AS n FROM user_tally WHERE us IS NOT NULL {only} GROUP BY ALL),
     ranked AS (SELECT route, us, sum(n) OVER (PARTITION BY route ORDER BY us) AS below,
                       sum(n) OVER (PARTITION BY route) AS total FROM steps)
SELECT route, min(us) FILTER (below >= total * 0.5), min(us) FILTER (below >= total * 0.95),
       min(us) FILTER (below >= total * 0.99) FROM ranked GROUP BY route
"""
_TOTALS = """
SELECT {route} AS route, sum(n), coalesce(sum(n) FILTER (us IS NOT NULL), 0), sum(us * n), sum(upstream_us),
       coalesce(sum(n) FILTER (tries IS NOT NULL), 0), coalesce(sum(n) FILTER (tries > 1), 0),
       coalesce(sum(n) FILTER (tries > 1 AND failure IS NULL), 0) FROM user_tally WHERE true {only} GROUP BY 1
"""
_FAILURES = "SELECT {route} AS route, failure, sum(n) FROM user_tally WHERE failure IS NOT NULL {only} GROUP BY ALL"
_SLOW_ENDS = """
SELECT {route} AS route, us // 10000 AS centiseconds, sum(n),
       sum(n) FILTER (failure IN ('timeout', 'aborted', 'balancer_error'))
FROM user_tally WHERE us >= 900000 {only} GROUP BY ALL
"""


def _routes(engine: "LogEngine", names: list[str], knows_clients: bool) -> list[RouteStats]:
    engine.connection.execute("CREATE OR REPLACE TEMP TABLE named (route VARCHAR)")
    if not names:
        return []
    engine.connection.execute("INSERT INTO named SELECT unnest(CAST(? AS VARCHAR[]))", [names])
    return _all_stats(engine, "route", "AND route IN (SELECT route FROM named)", names, knows_clients)


def _stats(engine: "LogEngine", route: None, knows_clients: bool) -> RouteStats:
    return _all_stats(engine, "'*'", "", ["*"], knows_clients)[0]


def _all_stats(engine: "LogEngine", route: str, only: str, names: list[str], knows_clients: bool) -> list[RouteStats]:
    def ask(query: str) -> list[tuple[Any, ...]]:
        return engine.connection.execute(query.format(route=route, only=only)).fetchall()

    percentiles = {row[0]: row[1:] for row in ask(_PERCENTILES)}
    totals = {row[0]: _Totals(*row[1:]) for row in ask(_TOTALS)}
    failures: dict[str, dict[str, int]] = {}
    for name, kind, count in ask(_FAILURES):
        failures.setdefault(name, {})[kind] = int(count)
    ends: dict[str, list[tuple[int, int, int]]] = {}
    for name, centiseconds, count, failed in ask(_SLOW_ENDS):
        ends.setdefault(name, []).append((int(centiseconds), int(count), int(failed or 0)))
    clients = dict(
        engine.connection.execute(f"SELECT {route}, count(DISTINCT client) FROM failed GROUP BY 1").fetchall()
    )
    knows_upstream = "upstream_duration" in engine.format.fields()
    found: list[RouteStats] = []
    for name in names:
        total, (p50, p95, p99) = totals[name], percentiles.get(name, (None, None, None))
        found.append(
            RouteStats(
                route=name,
                requests=int(total.requests),
                timed=int(total.timed),
                p50_us=p50,
                p95_us=p95,
                p99_us=p99,
                mean_us=int(total.time_us or 0) / int(total.timed) if total.timed else None,
                time_us=int(total.time_us or 0),
                upstream_time_us=int(total.upstream_us or 0) if knows_upstream else None,
                failures=failures.get(name, {}),
                retried=int(total.retried) if total.attempts_known else None,
                hidden_retries=int(total.hidden) if total.attempts_known else None,
                cut_off_us=cut_off_us(ends.get(name, [])),
                clients_failed=int(clients.get(name, 0)) if knows_clients else None,
            )
        )
    return found
