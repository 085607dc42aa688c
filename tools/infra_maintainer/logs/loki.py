"""Requests that already live in Loki: asked there, so that only counts and percentiles travel.

Percentiles are the server's: interpolated between neighbours, where our own are nearest ranks. What LogQL can only
count with a series for each value, the distinct clients and the upstreams, is not asked. Written by the documentation
of the API; not yet run against the real program.
"""

import base64
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote_plus

from infra_maintainer.evidence.model import Why
from infra_maintainer.logs.find import format_of_text
from infra_maintainer.logs.logql import Questions
from infra_maintainer.logs.summary import MOST_ROUTES, LogSummary, RouteStats
from infra_maintainer.logs.wanted import NOTHING_MORE, Wanted
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.secret_file import read_secret
from infra_maintainer.world.world import World

LATE_S = 60  # lines arrive late: the range ends a minute ago
LONGEST_MINUTES = 7 * 1440  # a server answers at most 11,000 points for a series
_ANSWER_BYTES = 8 << 20
_LONGEST_URL = 16_000
_US = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
_KIND = {"408": "timeout", "504": "timeout", "499": "aborted", "460": "aborted", "0": "aborted", "-1": "aborted",
         "444": "closed"}  # fmt: skip
_WHOLE = "*"
Labels = dict[str, str]


def summary_of_loki(world: World, log: AccessLog, wanted: Wanted = NOTHING_MORE) -> LogSummary:
    """About twenty-five queries, and one for each limit, whatever the number of lines.

    Raise WorldError for what the server refuses or lacks.
    """
    log_format = format_of_text(str(log.format))
    try:
        ask = Questions(str(log.selector), log_format, int(log.hours * 3600))
    except ValueError as error:
        how = "read these files where they lie (path), or log one duration"
        raise WorldError("not_supported", str(error), how) from error
    server = _Server(world, log)
    lines = int(_only(server.vector(ask.lines())))
    statuses, checks = (_by_status(server.vector(each)) for each in (ask.statuses(by_route=False), ask.health()))
    bots = int(_only(server.vector(ask.bots()))) if ask.agents else 0
    agents = bots > 0 or (ask.agents and _only(server.vector(ask.agents_named())) > 0)
    counted = {
        "user": sum(statuses.values()),
        "health": sum(checks.values()),
        "static": int(_only(server.vector(ask.static()))),
        "bot": bots,
        "nobody": int(_only(server.vector(ask.nobodys()))),
    }
    parsed, users = sum(counted.values()), counted["user"]
    if not parsed:
        what = f"{lines} lines, none in the format {log_format.name}" if lines else "no line"
        raise WorldError(
            "no_data", f"Loki has {what} for {log.selector} in {log.hours:g} h", "correct selector and format"
        )
    us = _US[log_format.duration_unit]
    whole = _stats(server, ask, {_WHOLE: users}, {_WHOLE: _failures(statuses)}, us, False) if users else [None]
    routes, others, problems = _routes(server, ask, us, wanted)
    late = _late(server, ask, us, wanted, problems)
    minutes = _minutes(server, ask, log)
    refused = max(0, lines - parsed)
    return LogSummary(
        files=[str(log.selector)],
        format=f"Loki {log.selector} as {log_format.name}, last {log.hours:g} h; percentiles interpolated there, "
        "scanners' paths among the routes; this way of asking was not yet run against a real Loki",
        assumed=False,
        fields=sorted(log_format.fields() - ({"ignored"} if agents else {"ignored", "agent"})),
        lines=lines,
        parsed=min(parsed, lines),
        refused={"other_format": refused} if refused else {},
        refused_examples={},
        unfinished=0,
        problems=problems,
        stopped_early=False,
        first_minute=datetime.fromtimestamp(minutes[0][0] * 60, UTC) if minutes else None,
        last_minute=datetime.fromtimestamp(minutes[-1][0] * 60, UTC) if minutes else None,
        traffic={name: count for name, count in counted.items() if count},
        health_failed=sum(_failures(checks).values()),
        users=whole[0],
        routes=routes,
        other_routes=others,
        upstreams=[],
        late=late,
        minutes=minutes,
        clients=None,
        clients_failed=None,
        scanners=None,
        repeats=None,
    )


def _routes(server: "_Server", ask: Questions, us: float, wanted: Wanted) -> tuple[list[RouteStats], int, list[str]]:
    """The busiest and the wanted routes, how many others, and why there are none when the server refuses to group."""
    try:
        counts = _by_route(server.vector(ask.routes(MOST_ROUTES)))
        if wanted.routes:
            counts |= _by_route(server.vector(ask.wanted(wanted.routes)))
        others = int(_only(server.vector(ask.route_count()))) - len(counts)
        failures: dict[str, dict[str, int]] = defaultdict(dict)
        for labels, value in server.vector(ask.statuses(by_route=True)):
            kind = _kind(labels.get("im_status", ""))
            of_route = failures[labels.get("im_route", "")]
            of_route[kind] = of_route.get(kind, 0) + int(value)
        requests = {name: int(count) for name, count in counts.items()}
        found = _stats(server, ask, requests, failures, us, True)
    except WorldError as error:
        return [], 0, [f"by route: {error.detail}"]
    return sorted(found, key=lambda each: (-each.time_us, -each.requests, each.route)), max(0, others), []


def _late(
    server: "_Server", ask: Questions, us: float, wanted: Wanted, problems: list[str]
) -> dict[int, dict[str, int]]:
    """A limit that the server cannot tell is left out, and its words are added to the problems."""
    found: dict[int, dict[str, int]] = {}
    for limit in wanted.limits_us if wanted.routes and ask.times else ():
        try:
            late = _by_route(server.vector(ask.late(wanted.routes, limit / us)))
        except WorldError as error:
            problems.append(f"answers later than {limit / 1000:g} ms: {error.detail}")
            continue
        found[limit] = {name: int(count) for name, count in late.items()}
    return found


def _stats(
    server: "_Server", ask: Questions, requests: dict[str, int], failures: dict[str, dict[str, int]], us: float,
    by_route: bool,
) -> list[RouteStats]:  # fmt: skip
    """Everything the summary says of each route, or of all together under one name."""
    timed = _by_route(server.vector(ask.timed(by_route=by_route))) if ask.times else {}
    some = any(timed.values())
    time = _by_route(server.vector(ask.time(by_route=by_route))) if some else {}
    p50, p95, p99 = (
        _by_route(server.vector(ask.quantile(share, by_route=by_route))) if some else {} for share in (0.5, 0.95, 0.99)
    )
    tried, hidden = (
        _by_route(server.vector(ask.retried(by_route=by_route, hidden=each))) if ask.tries else {}
        for each in (False, True)
    )
    return [
        RouteStats(
            route=name,
            requests=count,
            timed=int(timed.get(name, 0)) if name in time else 0,  # without its time a route has no times
            p50_us=_scaled(p50.get(name), us),
            p95_us=_scaled(p95.get(name), us),
            p99_us=_scaled(p99.get(name), us),
            mean_us=time[name] * us / timed[name] if timed.get(name) and name in time else None,
            time_us=round(time.get(name, 0.0) * us),
            upstream_time_us=None,
            failures=failures.get(name, {}),
            retried=int(tried.get(name, 0)) if ask.tries else None,
            hidden_retries=int(hidden.get(name, 0)) if ask.tries else None,
            cut_off_us=None,
            clients_failed=None,
        )
        for name, count in requests.items()
    ]


def _minutes(server: "_Server", ask: Questions, log: AccessLog) -> list[tuple[int, int, int]]:
    """Epoch minute, requests, failed; of the last seven days at most."""
    count = min(LONGEST_MINUTES, int(log.hours * 60))
    asked, failed = (server.matrix(ask.minutes(failed=each), count) for each in (False, True))
    return [(minute, int(n), int(failed.get(minute, 0))) for minute, n in sorted(asked.items()) if n]


def _by_status(vector: list[tuple[Labels, float]]) -> dict[str, int]:
    return {labels.get("im_status", ""): int(value) for labels, value in vector}


def _kind(status: str) -> str:
    return _KIND.get(status, "server_error")


def _failures(statuses: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for status, count in statuses.items():
        if status in _KIND or (len(status) == 3 and status.startswith("5")):
            found[_kind(status)] = found.get(_kind(status), 0) + count
    return found


def _by_route(vector: list[tuple[Labels, float]]) -> dict[str, float]:
    return {labels.get("im_route", _WHOLE): value for labels, value in vector}


def _scaled(value: float | None, us: float) -> int | None:
    return None if value is None else round(value * us)


def _only(vector: list[tuple[Labels, float]]) -> float:
    """The value of a query that gives one series; an empty answer of a count is no line."""
    return vector[0][1] if vector else 0.0


class _Server:
    """Asks at one moment for the whole run, so that all answers belong together."""

    def __init__(self, world: World, log: AccessLog) -> None:
        self._world, self._base = world, str(log.loki).rstrip("/")
        self._at = (int(world.clock.now().timestamp()) - LATE_S) // 60 * 60
        self._headers = {"X-Scope-OrgID": log.tenant} if log.tenant else {}
        self._secrets = _credentials(log)

    def vector(self, query: str) -> list[tuple[Labels, float]]:
        """The series of an instant query."""
        answer = self._ask(f"query?query={quote_plus(query)}&time={self._at}000000000", "vector")
        try:
            return [(cast(Labels, each["metric"]), float(each["value"][1])) for each in answer]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise WorldError("error", "Loki answered something that is no vector", "name the server itself") from error

    def matrix(self, query: str, minutes: int) -> dict[int, float]:
        """Epoch minute to value, of a query that gives one series."""
        begin = self._at - (minutes - 1) * 60
        url = f"query_range?query={quote_plus(query)}&start={begin}000000000&end={self._at}000000000&step=60"
        answer = self._ask(url, "matrix")
        try:
            points = [point for each in answer for point in each["values"]]
            return {
                int(float(at)) // 60 - 1: float(value) for at, value in points
            }  # a point counts the minute before it
        except (KeyError, TypeError, ValueError) as error:
            raise WorldError("error", "Loki answered something that is no matrix", "name the server itself") from error

    def _ask(self, path: str, kind: str) -> list[dict[str, Any]]:
        answer = self._world.http.exchange(
            Ask(
                url=f"{self._base}/loki/api/v1/{path}", timeout_s=60, max_bytes=_ANSWER_BYTES, max_redirects=0,
                headers=self._headers, secret_headers=self._secrets, longest_url=_LONGEST_URL,
            )
        )  # fmt: skip
        if answer.failure:
            why: Why = "timeout" if answer.failure == "timeout" else "unreachable"
            raise WorldError(why, f"Loki: {answer.failure}: {answer.detail}", "check the address and its load")
        if answer.status in (401, 403):
            raise WorldError("denied", "Loki refused the account", "give user_file with user:password, and tenant")
        try:
            data = cast(dict[str, Any], json.loads(answer.body))["data"] if answer.status == 200 else {}
        except (ValueError, KeyError, TypeError):
            data = {}
        if data.get("resultType") != kind:
            how = "correct selector and format, or ask for fewer hours"
            raise WorldError("error", f"Loki answered {answer.status}: {answer.body[:300].strip()}", how)
        return cast(list[dict[str, Any]], data.get("result") or [])


def _credentials(log: AccessLog) -> dict[str, str]:
    if log.user_file is None:
        return {}
    account = read_secret(log.user_file, "user_file in [[access_log]]")
    return {"Authorization": "Basic " + base64.b64encode(account.encode()).decode()}
