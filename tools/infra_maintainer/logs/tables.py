"""Requests that already live in a ClickHouse table: asked there, so that only sums and percentiles travel.

One table of one row per request. `columns` in [[access_log]] maps our names to the table's; without it they are the
names that nginx uses. Percentiles are exact nearest ranks: quantileExact takes the element at floor(level * n), hence a
level that is a hair lower.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote_plus

from infra_maintainer.evidence.model import Why
from infra_maintainer.logs.cut_off import cut_off_us
from infra_maintainer.logs.summary import MOST_ROUTES, LogSummary, RouteStats
from infra_maintainer.system.access_log import AccessLog
from infra_maintainer.world.exchange import Ask
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.world import World

_COLUMNS = {
    "client": "remote_addr",
    "time": "time",
    "method": "request_method",
    "target": "request_uri",
    "status": "status",
    "duration_s": "request_time",
    "upstream_status": "",
    "upstream_duration_s": "",
}
_FOLD = r"/([0-9]+|[0-9a-fA-F]{12,}|([A-Za-z_-]*[0-9]){3}[A-Za-z0-9_-]*)\\b"
_FAILURE = "multiIf({s} IN (504,408),'timeout',{s} IN (499,0),'aborted',{s}>=500,'server_error','')"
_ANSWER_BYTES = 8 << 20
_KINDS = ("timeout", "aborted", "server_error")
_LEVELS = {"p50_us": 0.5, "p95_us": 0.95, "p99_us": 0.99}


def summary_of_table(world: World, log: AccessLog) -> LogSummary:
    """Seven queries, whatever the number of rows. Raise WorldError for what the server refuses or the table lacks."""
    asked = _Asked(world, log)
    total = asked.stats("'*'", limit=1)
    if not total:
        raise WorldError(
            "no_data", f"{log.table} has no request in the last {log.hours:g} h", "check table and time column"
        )
    routes = asked.stats(asked.route, limit=MOST_ROUTES)
    count, begin, end = asked.rows(
        f"SELECT uniqExact({asked.route}), toUInt32(min({asked.time})), toUInt32(max({asked.time})) {asked.source}"
    )[0]
    minutes = asked.rows(
        f"SELECT intDiv(toUInt32({asked.time}), 60) AS minute, count(), countIf({asked.failure} != '') {asked.source} "
        "GROUP BY minute ORDER BY minute"
    )
    client = asked.column("client")
    clients = asked.rows(f"SELECT uniqExact({client}), uniqExactIf({client}, {asked.failure} != '') {asked.source}")[0]
    rows = total[0].requests
    return LogSummary(
        files=[str(log.table)],
        format=f"ClickHouse table {log.table}, last {log.hours:g} h",
        assumed=False,
        fields=sorted(name for name in _COLUMNS if asked.has(name)),
        lines=rows,
        parsed=rows,
        refused={},
        refused_examples={},
        unfinished=0,
        problems=[],
        stopped_early=False,
        first_minute=datetime.fromtimestamp(int(begin) // 60 * 60, UTC),
        last_minute=datetime.fromtimestamp(int(end) // 60 * 60, UTC),
        traffic={"user": rows},
        health_failed=0,
        users=total[0],
        routes=routes,
        other_routes=max(0, int(count) - len(routes)),
        upstreams=[],
        minutes=[(int(minute), int(n), int(failed)) for minute, n, failed in minutes],
        clients=int(clients[0]),
        clients_failed=int(clients[1]),
        scanners=None,
        repeats=None,
    )


class _Asked:
    """The questions in the server's dialect."""

    def __init__(self, world: World, log: AccessLog) -> None:
        self._world, self._log = world, log
        self._names = {**_COLUMNS, **log.columns}
        for name in self._names.values():
            if name and not name.replace("_", "a").isalnum():
                raise WorldError(
                    "not_configured", f"{name!r} is not the name of a column", "correct columns in [[access_log]]"
                )
        self.time = self.column("time")
        self.failure = _FAILURE.replace("{s}", self.column("status"))
        path = f"replaceRegexpAll(splitByChar('?', {self.column('target')})[1], '{_FOLD}', '/:id')"
        self.route = f"concat({self.column('method')}, ' ', {path})"
        seconds = int(log.hours * 3600)
        self.source = f"FROM {log.table} WHERE {self.time} >= now() - {seconds}"

    def has(self, name: str) -> bool:
        """Whether the table has this column."""
        return bool(self._names.get(name))

    def column(self, name: str) -> str:
        """The table's name of it."""
        return self._names[name]

    def stats(self, route: str, limit: int) -> list[RouteStats]:
        """Per route: everything the summary says of one, in two queries."""
        status, us = self.column("status"), f"toUInt64(round({self.column('duration_s')}*1000000))"
        tried = self.column("upstream_status") if self.has("upstream_status") else ""
        several = f"position({tried},',')>0" if tried else "0"
        select = [
            f"{route} AS route",
            "count()",
            *(f"quantileExact({level - 1e-12!r})({us})" for level in _LEVELS.values()),
            f"avg({us})",
            f"sum({us}) AS spent",
            *(f"countIf({self.failure}='{kind}')" for kind in _KINDS),
            f"countIf({several})",
            f"countIf({several} AND {status}<499)",
            f"uniqExactIf({self.column('client')},{self.failure}!='')",
            f"sum({self.column('upstream_duration_s')}*1000000)" if self.has("upstream_duration_s") else "0",
        ]
        rows = self.rows(f"SELECT {','.join(select)} {self.source} GROUP BY route ORDER BY spent DESC LIMIT {limit}")
        ends: dict[str, list[tuple[int, int, int]]] = {}
        for name, at, count, failed in self.rows(
            f"SELECT {route} AS route,intDiv({us},10000) AS at,count(),countIf({self.failure}!='') AS f {self.source} "
            f"AND {us}>=900000 GROUP BY route,at HAVING f>0 LIMIT 50000"
        ):
            ends.setdefault(str(name), []).append((int(at), int(count), int(failed)))
        return [self._stats(row, bool(tried), ends.get(str(row[0]), [])) for row in rows]

    def _stats(self, row: list[Any], knows_tries: bool, ends: list[tuple[int, int, int]]) -> RouteStats:
        failures = dict(zip(_KINDS, (int(each) for each in row[7:10]), strict=True))
        return RouteStats(
            route=str(row[0]),
            requests=int(row[1]),
            timed=int(row[1]),
            p50_us=int(row[2]),
            p95_us=int(row[3]),
            p99_us=int(row[4]),
            mean_us=float(row[5]),
            time_us=int(row[6]),
            upstream_time_us=int(float(row[13])) if self.has("upstream_duration_s") else None,
            failures={kind: count for kind, count in failures.items() if count},
            retried=int(row[10]) if knows_tries else None,
            hidden_retries=int(row[11]) if knows_tries else None,
            cut_off_us=cut_off_us(ends),
            clients_failed=int(row[12]),
        )

    def rows(self, query: str) -> list[list[Any]]:
        """Ask; GET makes the server read-only. Raise WorldError with the server's own words."""
        log = self._log
        limits = f"&max_execution_time={int(min(60, max(1, self._world.deadline.remaining())))}&max_result_rows=100000"
        url = f"{str(log.clickhouse).rstrip('/')}/?query={quote_plus(query + ' FORMAT JSONCompact')}{limits}"
        ask = Ask(url=url, timeout_s=60, max_bytes=_ANSWER_BYTES, max_redirects=0, secret_headers=_credentials(log))
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
    try:
        user, _, password = Path(log.user_file).read_text(encoding="utf-8").strip().partition(":")
    except OSError as error:
        raise WorldError("denied", f"{log.user_file}: {error.strerror}", "make the file readable") from error
    return {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
