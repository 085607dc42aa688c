"""Our questions about a table of one row per request, in ClickHouse's SQL (18.16 and later).

Each question reads one subquery that names what it needs; the server computes only the names that a question uses. All
names begin with `im_`: there an alias comes before a column of the table with the same name.
"""

from collections.abc import Mapping, Sequence

from infra_maintainer.logs.classes import (
    HEALTH,
    IDENTIFIER,
    MACHINE,
    NEVER_THERE,
    NO_AGENT,
    PROBE,
    REQUEST,
    STATIC,
    STRAY,
    WITHOUT_REQUEST,
)
from infra_maintainer.logs.cut_off import ROUND_SECONDS, SLACK_CENTISECONDS
from infra_maintainer.logs.summary import MOST_ROUTES
from infra_maintainer.logs.wanted import Wanted

WHOLE = "*"
KINDS = ("timeout", "aborted", "closed", "balancer_error", "server_error")
# quantilesExact takes the element at floor(level * n): a level that is a hair lower makes it the nearest rank.
_LEVELS = ",".join(repr(share - 1e-12) for share in (0.5, 0.95, 0.99))
_METHODS = 9


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


_ID = text(IDENTIFIER + r"\b")


class TableQuestions:
    """About the requests between two moments, both in epoch seconds. `columns` maps our names to the table's, those
    that it lacks to nothing."""

    def __init__(self, table: str, columns: Mapping[str, str], begin_s: int, end_s: int, wanted: Wanted) -> None:
        self._wanted = wanted
        time, status, tried = columns["time"], columns["status"], columns["upstream_status"]
        agent, upstream = columns["agent"], columns["upstream_duration_s"]
        path = f"splitByChar('?',{columns['target']})[1]"
        asked = f"FROM {table} WHERE {time}>=toDateTime({begin_s}) AND {time}<toDateTime({end_s + 1})"
        unanswered = f"{status}>=500 AND {tried} IN ('','-'),'balancer_error'," if tried else ""
        # The patterns are dear and agents few: each distinct one is matched once, not each request.
        agents = f"{agent} GLOBAL IN (SELECT {agent} {asked} GROUP BY {agent} HAVING match({agent},{{}}))"
        probe, machine = agents.format(text(PROBE)), agents.format(text(MACHINE))
        odd = tuple(each for each in WITHOUT_REQUEST if each >= 0)
        nobodys = f"{status} IN {odd} AND NOT match(im_asked,{text(REQUEST)})"
        kind_of_agent = f"multiIf({nobodys},3,{probe},2,{machine},1,0)" if agent else f"if({nobodys},3,0)"
        none = ",".join(map(text, NO_AGENT))
        names = {
            "im_client": columns["client"],
            "im_second": f"toUInt32({time})",
            "im_minute": "intDiv(im_second,60)",
            "im_status": status,
            "im_us": f"toUInt64(round(toFloat64({columns['duration_s']})*1000000))",
            "im_upstream_us": f"round(toFloat64({upstream})*1000000)" if upstream else "0",
            "im_several": f"position({tried},',')>0" if tried else "0",
            "im_failure": f"multiIf({status} IN (504,408),'timeout',{status} IN (499,0),'aborted',{status}=444,"
            f"'closed',{unanswered}{status}>=500,'server_error','')",
            "im_asked": f"concat({columns['method']},' ',{path})",
            "im_route": f"replaceRegexpAll(im_asked,{_ID},'/:id')",
            "im_agent": kind_of_agent,
            "im_named": f"{agent} NOT IN ({none})" if agent else "0",
            # Neither pattern can match in an id, nor lose its match to one: folding first would only cost.
            "im_class": f"multiIf(im_agent=3,'nobody',im_agent=2 OR match(im_asked,{text(HEALTH)}),'health',im_agent=1,"
            f"'bot',match(im_asked,{text(STATIC)}),'static','user')",
        }
        self._requests = f"FROM (SELECT {','.join(f'{what} AS {name}' for name, what in names.items())} {asked})"

    def traffic(self) -> str:
        """Class, requests, failed, and how many name a user agent."""
        return f"SELECT im_class,count(),countIf(im_failure!=''),countIf(im_named) {self._requests} GROUP BY im_class"

    def routes(self) -> str:
        """Route, requests, timed, time, the three percentiles, retried, of them answered, clients that failed, time in
        upstreams, distinct routes, requests by kind of failure, and answers later than each limit.

        The first row is of all routes together, then come the wanted ones, then those in which users spend most time.
        """
        user = "im_class='user'"
        counts = [
            "im_several",
            "im_several AND im_failure=''",
            *(f"im_failure={text(kind)}" for kind in KINDS),
            *(f"im_failure='' AND im_us>{int(limit)}" for limit in self._wanted.limits_us),
        ]
        by_route = [
            f"if(countIf(im_status NOT IN {NEVER_THERE})=0,{text(STRAY)},im_route) AS im_name",
            f"countIf({user}) AS im_count",
            f"countIf({user} AND im_us IS NOT NULL) AS im_timed",
            f"sumIf(im_us,{user}) AS im_time",
            f"quantilesExactStateIf({_LEVELS})(im_us,{user}) AS im_times",
            f"uniqExactStateIf(im_client,{user} AND im_failure!='') AS im_clients",
            f"sumIf(im_upstream_us,{user}) AS im_upstream",
            *(f"countIf({user} AND {each}) AS im_{number}" for number, each in enumerate(counts)),
        ]
        retried, answered, *others = (f"sum(im_{number})" for number in range(len(counts)))
        select = [
            f"arrayJoin([{text(WHOLE)},im_name]) AS im_of",
            "sum(im_count) AS im_n",
            "sum(im_timed)",
            "sum(im_time) AS im_spent",
            f"quantilesExactMerge({_LEVELS})(im_times)",
            *(retried, answered, "uniqExactMerge(im_clients)", "sum(im_upstream)", "uniqExact(im_name)", *others),
        ]
        wanted = f"{_is_one_of(self._wanted.routes)} DESC," if self._wanted.routes else ""
        most = 1 + MOST_ROUTES + _METHODS * len(self._wanted.routes)
        return (
            f"SELECT {','.join(select)} FROM (SELECT {','.join(by_route)} {self._requests} GROUP BY im_route "
            f"HAVING im_count>0) GROUP BY im_of "
            f"ORDER BY im_of={text(WHOLE)} DESC,{wanted}im_spent DESC,im_n DESC,im_of LIMIT {most}"
        )

    def slow_ends(self) -> str:
        """Route, hundredths of a second, requests, and how many of them failed, for those from 0.9 s on.

        What ended soon after a round number of seconds is counted at that number, all else at 0. A path that never
        existed has no failure, and so no row.
        """
        ends = f"im_end>=im_s*100 AND im_end<=im_s*100+{SLACK_CENTISECONDS}"
        near = (
            f"arrayFirst(im_s->({ends.replace('im_end', 'intDiv(assumeNotNull(im_us),10000)')}),{list(ROUND_SECONDS)})"
        )
        return (
            f"SELECT arrayJoin([{text(WHOLE)},im_route]) AS im_of,{near}*100 AS im_at,count(),"
            f"countIf(im_failure IN ('timeout','aborted','balancer_error')) AS im_failed {self._requests} "
            "WHERE im_class='user' AND im_us>=900000 GROUP BY im_of,im_at HAVING im_failed>0 "
            "ORDER BY im_failed DESC LIMIT 10000"
        )

    def minutes(self) -> str:
        """Epoch minute, requests of users, failed, the last second with one."""
        return (
            f"SELECT im_minute,count(),countIf(im_failure!=''),max(im_second) {self._requests} WHERE im_class='user' "
            "GROUP BY im_minute ORDER BY im_minute"
        )

    def failing(self, routes: Sequence[str]) -> str:
        """Route, epoch minute, failed requests of users, for these routes."""
        named = ",".join(map(text, routes))
        return (
            f"SELECT im_route,im_minute,count() {self._requests} WHERE im_class='user' AND im_failure!='' "
            f"AND im_route IN ({named}) GROUP BY im_route,im_minute ORDER BY im_route,im_minute"
        )

    def clients(self) -> str:
        """Clients, those with a failure, and those that mostly asked for what does not exist."""
        return (
            "SELECT count(),countIf(im_failed>0),countIf(im_n>=50 AND im_absent*2>im_n) FROM (SELECT im_client,count() "
            f"AS im_n,countIf(im_failure!='') AS im_failed,countIf(im_status=404) AS im_absent {self._requests} "
            "WHERE im_agent=0 GROUP BY im_client)"
        )

    def repeats(self) -> str:
        """Requests of a client for a route in the minute in which it had already failed there, and failed again."""
        return (
            f"SELECT sum(im_n-1) FROM (SELECT count() AS im_n {self._requests} WHERE im_agent=0 AND im_failure!='' "
            "GROUP BY im_route,im_client,im_minute)"
        )


def _is_one_of(routes: Sequence[str]) -> str:
    """Whether `im_of` is one of these routes, by its path alone where they name no method."""
    listed = ",".join(text(each) for each in routes)
    return f"(im_of IN ({listed}) OR substring(im_of,position(im_of,' ')+1) IN ({listed}))"
