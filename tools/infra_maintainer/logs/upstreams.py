"""What stands behind the balancer, from the log's upstream columns: attempts, their failures, their times."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from pydantic import Field

from infra_maintainer.evidence.model import Frozen
from infra_maintainer.logs.template import REDIRECT

if TYPE_CHECKING:
    from infra_maintainer.logs.engine import LogEngine

MOST_UPSTREAMS = 100
CLIENT_LEFT = 499


class UpstreamStats(Frozen):
    """One upstream. Percentiles are of requests that it answered alone: a list of tries has only their sum."""

    address: str
    attempts: int
    failed_attempts: int | None = Field(description="None when the log does not carry the status of each attempt")
    timed: int
    p50_us: int | None
    p95_us: int | None
    p99_us: int | None
    time_us: int


# Bots and health checks thin out what users meet; they are all there is where no user came.
_COUNTED = (
    "upstream NOT IN ('-', '') AND (agent <= 0 OR NOT EXISTS "
    "(SELECT 1 FROM upstreams WHERE agent <= 0 AND upstream NOT IN ('-', '')))"
)


def upstream_stats(engine: "LogEngine") -> list[UpstreamStats]:
    """Every upstream by the time that users' programs spent in it, else all programs: the most expensive first."""
    attempts: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    lists = engine.connection.execute(
        f"SELECT upstream, attempts, status, sum(n) FROM upstreams WHERE {_COUNTED} GROUP BY ALL"
    ).fetchall()
    nginx = engine.format.family == "nginx"
    for upstream, statuses, status, count in lists:
        addresses = _entries(str(upstream)) if nginx else [str(upstream)]
        codes = (
            _entries(str(statuses))
            if statuses is not None and nginx
            else [str(statuses if statuses is not None else status)]
        )
        for position, address in enumerate(addresses):
            attempts[address] += int(count)
            code = codes[position] if position < len(codes) else ""
            if nginx and status == CLIENT_LEFT and not code.isdecimal():
                continue  # its client left before it could answer
            # nginx writes 502 or 504 for an attempt that got no answer, Envoy and HAProxy only say the final status.
            failed[address] += int(count) if not code.isdecimal() or int(code) >= 500 else 0
    knows_attempts = "upstream_status" in engine.format.fields() or engine.format.family != "nginx"
    timed = {
        str(row[0]): row[1:]
        for row in engine.connection.execute(
            "WITH steps AS (SELECT upstream, upstream_us AS us, sum(n) AS n FROM upstreams "
            f"WHERE upstream_us IS NOT NULL AND {_COUNTED} GROUP BY ALL), "
            "ranked AS (SELECT *, sum(n) OVER (PARTITION BY upstream ORDER BY us) AS below, "
            "sum(n) OVER (PARTITION BY upstream) AS total FROM steps) "
            "SELECT upstream, any_value(total), min(us) FILTER (below >= total * 0.5), "
            "min(us) FILTER (below >= total * 0.95), min(us) FILTER (below >= total * 0.99), sum(us * n) "
            "FROM ranked GROUP BY upstream"
        ).fetchall()
    }
    found: list[UpstreamStats] = []
    for address, count in attempts.items():
        total, p50, p95, p99, time_us = timed.get(address, (0, None, None, None, 0))
        found.append(
            UpstreamStats(
                address=address,
                attempts=count,
                failed_attempts=failed[address] if knows_attempts else None,
                timed=int(total),
                p50_us=p50,
                p95_us=p95,
                p99_us=p99,
                time_us=int(time_us),
            )
        )
    found.sort(key=lambda each: (-each.time_us, -each.attempts, each.address))
    return found[:MOST_UPSTREAMS]


_BETWEEN = re.compile(f",| : |{REDIRECT}")


def _entries(text: str) -> list[str]:
    """`10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80` as a list; a blank around a colon tells a redirect from a port."""
    return [entry.strip() for entry in _BETWEEN.split(text) if entry.strip()]
