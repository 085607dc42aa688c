"""Requests that already live in a ClickHouse table: asked there, so that only sums and percentiles travel.

One table of one row per request. `columns` in [[access_log]] maps our names to the table's; without it they are the
names that nginx uses. Percentiles are exact nearest ranks.
"""

import json
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote_plus

from infra_maintainer.evidence.model import Why
from infra_maintainer.logs.cut_off import cut_off_us
from infra_maintainer.logs.summary import MOST_ROUTES, LogSummary, RouteStats, failing_most
from infra_maintainer.logs.table_questions import KINDS, WHOLE, TableQuestions, text
from infra_maintainer.logs.wanted import NOTHING_MORE, Wanted
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.secret_file import read_secret
from infra_maintainer.world.world import World

_COLUMNS = {
    "client": "remote_addr",
    "time": "time",
    "method": "request_method",
    "target": "request_uri",
    "status": "status",
    "duration_s": "request_time",
    "agent": "http_user_agent",
    "upstream_status": "",
    "upstream_duration_s": "",
}
_ANSWER_BYTES = 8 << 20
_KINDS_AT = 10
_LONGEST_URL = 16_000  # the oldest server that we know takes no more than 16 KiB
_PLAIN_IN_URLS = "!$'()*,:@/?="


def summary_of_table(world: World, log: AccessLog, wanted: Wanted = NOTHING_MORE) -> LogSummary:
    """Nine queries at most, whatever the number of rows. Raise WorldError for what the server refuses or it lacks."""
    server = _Server(world, log)
    columns = _columns(server, log)
    time, hours = columns["time"], log.hours
    count, begin, end = server.rows(
        f"SELECT count(),toUInt32(min({time})),toUInt32(max({time})) FROM {log.table} "
        f"WHERE {time}>=now()-{int(hours * 3600)}"
    )[0]
    if not int(count):
        raise WorldError(
            "no_data", f"{log.table} has no request in the last {hours:g} h", "check table and time column"
        )
    # The same two moments for all: rows that arrive meanwhile would make the answers contradict each other.
    ask = TableQuestions(str(log.table), columns, int(begin), int(end), wanted)
    classes = server.rows(ask.traffic())
    traffic = {str(name): (int(n), int(failed)) for name, n, failed, _ in classes}
    if not any(int(named) for *_, named in classes):
        columns = {**columns, "agent": ""}
    rows = sum(n for n, _ in traffic.values())
    routes = _Routes(server, ask, columns, wanted)
    by_minute = server.rows(ask.minutes())
    minutes = [(int(minute), int(n), int(failed)) for minute, n, failed, _ in by_minute]
    failing: dict[str, list[tuple[int, int]]] = {}
    if named := failing_most(routes.named):
        for route, minute, failed in server.rows(ask.failing(named)):
            failing.setdefault(str(route), []).append((int(minute), int(failed)))
    clients, clients_failed, scanners = server.rows(ask.clients())[0]
    return LogSummary(
        files=[str(log.table)],
        format=f"ClickHouse table {log.table}, last {hours:g} h",
        assumed=False,
        fields=sorted(name for name, column in columns.items() if column),
        lines=rows,
        parsed=rows,
        refused={},
        refused_examples={},
        unfinished=0,
        problems=[],
        stopped_early=False,
        first_minute=datetime.fromtimestamp(minutes[0][0] * 60, UTC) if minutes else None,
        last_minute=datetime.fromtimestamp(minutes[-1][0] * 60, UTC) if minutes else None,
        begin=datetime.fromtimestamp(int(begin), UTC),
        end=datetime.fromtimestamp(int(end), UTC),
        last_request=datetime.fromtimestamp(int(by_minute[-1][3]), UTC) if by_minute else None,
        traffic={name: n for name, (n, _) in traffic.items()},
        health_failed=traffic.get("health", (0, 0))[1],
        users=routes.whole,
        routes=routes.named,
        other_routes=routes.others,
        upstreams=[],
        late=routes.late,
        minutes=minutes,
        failing=failing,
        clients=int(clients),
        clients_failed=int(clients_failed),
        scanners=int(scanners),
        repeats=int(server.rows(ask.repeats())[0][0]),
    )


def _columns(server: "_Server", log: AccessLog) -> dict[str, str]:
    """Our names and the table's. User agents are optional: the usual column for them may be absent, a declared not."""
    names = {**_COLUMNS, **log.columns}
    for name in names.values():
        if name and not name.replace("_", "a").isalnum():
            raise WorldError(
                "not_configured", f"{name!r} is not the name of a column", "correct columns in [[access_log]]"
            )
    if "agent" in log.columns:
        return names
    database, _, table = str(log.table).rpartition(".")
    there = server.rows(
        f"SELECT count() FROM system.columns WHERE database={text(database) if database else 'currentDatabase()'} "
        f"AND table={text(table)} AND name={text(names['agent'])}"
    )
    return names if int(there[0][0]) else {**names, "agent": ""}


class _Routes:
    """What users got, all together and by route."""

    def __init__(self, server: "_Server", ask: TableQuestions, columns: dict[str, str], wanted: Wanted) -> None:
        self._columns = columns
        rows = {str(row[0]): row for row in server.rows(ask.routes())}
        self._ends: dict[str, list[tuple[int, int, int]]] = {}
        for name, at, count, failed in server.rows(ask.slow_ends()):
            self._ends.setdefault(str(name), []).append((int(at), int(count), int(failed)))
        whole = rows.pop(WHOLE, None)
        asked = wanted.of(rows)
        busiest = sorted(rows, key=lambda name: (-int(rows[name][3] or 0), -int(rows[name][1]), name))[:MOST_ROUTES]
        self.whole = self._stats(whole) if whole else None
        names = [*busiest, *(name for name in asked if name not in busiest)]
        self.named = [self._stats(rows[name]) for name in names]
        self.others = max(0, int(whole[9]) - len(names)) if whole else 0
        first = _KINDS_AT + len(KINDS)
        self.late = {
            limit: {name: count for name in asked if (count := int(rows[name][column]))}
            for column, limit in enumerate(wanted.limits_us, start=first)
        }

    def _stats(self, row: list[Any]) -> RouteStats:
        name, requests, timed, spent, percentiles, retried, hidden, clients, upstream_us, _ = row[:_KINDS_AT]
        known = int(timed) > 0
        p50, p95, p99 = (int(each) if known else None for each in percentiles)
        tries = bool(self._columns["upstream_status"])
        return RouteStats(
            route=str(name),
            requests=int(requests),
            timed=int(timed),
            p50_us=p50,
            p95_us=p95,
            p99_us=p99,
            mean_us=int(spent) / int(timed) if known else None,
            time_us=int(spent or 0),
            upstream_time_us=int(float(upstream_us or 0)) if self._columns["upstream_duration_s"] else None,
            failures={kind: int(count) for kind, count in zip(KINDS, row[_KINDS_AT:], strict=False) if int(count)},
            retried=int(retried) if tries else None,
            hidden_retries=int(hidden) if tries else None,
            cut_off_us=cut_off_us(self._ends.get(str(name), [])),
            clients_failed=int(clients),
        )


class _Server:
    """Asks one query after the other."""

    def __init__(self, world: World, log: AccessLog) -> None:
        self._world, self._log = world, log

    def rows(self, query: str) -> list[list[Any]]:
        """Ask; GET makes the server read-only. Raise WorldError with the server's own words."""
        log = self._log
        limits = f"&max_execution_time={int(min(60, max(1, self._world.deadline.remaining())))}&max_result_rows=100000"
        asked = quote_plus(f"{query} FORMAT JSONCompact", safe=_PLAIN_IN_URLS)
        url = f"{str(log.clickhouse).rstrip('/')}/?query={asked}{limits}"
        ask = Ask(
            url=url, timeout_s=60, max_bytes=_ANSWER_BYTES, max_redirects=0, secret_headers=_credentials(log),
            longest_url=_LONGEST_URL,
        )  # fmt: skip
        answer = self._world.http.exchange(ask)
        if answer.failure:
            why: Why = "timeout" if answer.failure == "timeout" else "unreachable"
            raise WorldError(why, f"ClickHouse: {answer.failure}: {answer.detail}", "check the address and its load")
        if answer.status in (401, 403) or "Authentication failed" in answer.body:
            raise WorldError("denied", "ClickHouse refused the account", "give user_file with user:password")
        try:
            data = cast(dict[str, Any], json.loads(answer.body))["data"] if answer.status == 200 else None
        except (ValueError, KeyError, TypeError):
            data = None
        if data is None:
            raise WorldError(
                "error", f"ClickHouse answered {answer.status}: {answer.body[:300]}", "correct table and columns"
            )
        return cast(list[list[Any]], data)


def _credentials(log: AccessLog) -> dict[str, str]:
    if log.user_file is None:
        return {}
    user, _, password = read_secret(log.user_file, "user_file in [[access_log]]").partition(":")
    return {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
