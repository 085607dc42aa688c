"""Redis and Valkey: hit rate and evictions over a window, memory against its limit, persistence, replication."""

import re
from collections.abc import Iterator
from functools import partial

from infra_maintainer.databases.redis import info
from infra_maintainer.sources.registry import AnyEvidence, source
from infra_maintainer.sources.survey import Survey, percent
from infra_maintainer.system.database import Cache
from infra_maintainer.world.failure import WorldError

LEAST_LOOKUPS = 100
ACKNOWLEDGES_S = 1.5  # once a second, and a little more
SLAVE = re.compile(r"slave\d+$")
QUANTITIES = ("cache.hits", "cache.memory.limit", "cache.evictions", "cache.persistence.ok")


def subjects(survey: Survey) -> list[str]:
    """One subject per declared cache."""
    return [f"cache:{each.name}" for each in survey.system.cache]


@source(
    title="Redis and Valkey",
    jobs=("health",),
    quantities=QUANTITIES,
    also=(
        "cache.memory.used", "cache.clients.rejected", "cache.latency.p99", "cache.replicas", "cache.replica.link",
        "cache.replica.lag", "cache.replica.silent",
    ),
    subjects=subjects,
)  # fmt: skip
def collect(survey: Survey) -> Iterator[AnyEvidence]:
    """Two readings of INFO per cache: totals since its start say nothing about now."""
    for cache in survey.system.cache:
        subject = f"cache:{cache.name}"
        try:
            first = _info(survey, cache)
            survey.world.clock.sleep(cache.window_s)
            second = _info(survey, cache)
        except WorldError as error:
            for quantity in QUANTITIES:
                yield survey.missing(quantity, error.why, error.detail, error.how, subject=subject, source="INFO")
            continue
        yield from _flow(survey, subject, first, second, cache.window_s)
        yield from _state(survey, subject, second)
        yield from _replication(survey, cache, first, second)


def _info(survey: Survey, cache: Cache) -> dict[str, str]:
    answer = survey.world.engine("redis", [cache.name], partial(info, cache, survey.world.deadline.remaining()))
    return {str(key): str(value) for key, value in answer.items()}


def _flow(
    survey: Survey, subject: str, first: dict[str, str], second: dict[str, str], window_s: float
) -> Iterator[AnyEvidence]:
    def grown(name: str) -> int:
        return int(second.get(name, "0")) - int(first.get(name, "0"))

    origin = "INFO, two readings"
    hits, misses = grown("keyspace_hits"), grown("keyspace_misses")
    if hits + misses < LEAST_LOOKUPS:
        detail = f"only {hits + misses} look-ups within {window_s:g} s"
        how = "ask again under load, or set a longer window_s"
        yield survey.missing("cache.hits", "no_data", detail, how, subject=subject, source=origin)
    else:
        share, n = percent(hits, hits + misses), hits + misses
        yield survey.measured("cache.hits", share, subject=subject, stat="ratio", n=n, window=window_s, source=origin)
    evictions = grown("evicted_keys") / window_s
    yield survey.measured("cache.evictions", evictions, subject=subject, stat="rate", window=window_s, source=origin)
    rejected = grown("rejected_connections")
    yield survey.measured(
        "cache.clients.rejected", rejected, subject=subject, stat="count", window=window_s, source=origin
    )


def _state(survey: Survey, subject: str, now: dict[str, str]) -> Iterator[AnyEvidence]:
    limit = int(now.get("maxmemory", "0"))
    said = "INFO memory" if limit else "INFO memory: maxmemory 0, it may grow until the host has none left"
    yield survey.measured("cache.memory.limit", limit, subject=subject, source=said)
    if limit:
        used = percent(int(now["used_memory"]), limit)
        yield survey.measured("cache.memory.used", used, subject=subject, source="INFO memory")
    saved, written = now.get("rdb_last_bgsave_status"), now.get("aof_last_write_status")
    fine = saved == "ok" and written in ("ok", None)
    origin = f"INFO persistence: last save {saved}, last append {written}"
    yield survey.measured("cache.persistence.ok", fine, subject=subject, source=origin)
    tails = [
        float(part.split("=")[1])
        for key, value in now.items()
        if key.startswith("latency_percentiles_usec_")
        for part in value.split(",")
        if part.startswith("p99=")
    ]
    if tails:
        slowest = max(tails) / 1000
        yield survey.measured("cache.latency.p99", slowest, subject=subject, stat="p99", source="INFO latencystats")


def _replication(survey: Survey, cache: Cache, first: dict[str, str], second: dict[str, str]) -> Iterator[AnyEvidence]:
    """A replica says whether it is connected; its master says how far behind it is.

    A replica acknowledges once a second: what is on its way at one moment is no lag. Lag is what the master had written
    at the first reading and the replica has not acknowledged at the second.
    """
    subject, origin = f"cache:{cache.name}", "INFO replication"
    if second.get("role") == "slave":
        link = second.get("master_link_status") == "up"
        down = second.get("master_link_down_since_seconds")
        copying = ", copying the whole of it now" if second.get("master_sync_in_progress") == "1" else ""
        since = f", down for {down} s" if not link and down not in (None, "-1") else ""
        told = f"{origin}: master_link_status {second.get('master_link_status')}{since}{copying}"
        yield survey.measured("cache.replica.link", link, subject=subject, source=told)
        silent = int(second.get("master_last_io_seconds_ago", "-1"))
        if link and silent >= 0:
            yield survey.measured("cache.replica.silent", silent, subject=subject, source=f"{origin}: last from master")
        return
    replicas = [dict(part.split("=", 1) for part in second[name].split(",")) for name in second if SLAVE.match(name)]
    yield survey.measured("cache.replicas", len(replicas), subject=subject, source=f"{origin}: connected_slaves")
    written = int(first.get("master_repl_offset", "0"))
    for each in replicas:
        replica = f"replica:{cache.name}:{each.get('ip', '?')}:{each.get('port', '?')}"
        online = each.get("state") == "online"
        told = f"{origin} of its master: state {each.get('state')}"
        yield survey.measured("cache.replica.link", online, subject=replica, source=told)
        if not online:
            continue
        behind = max(0, written - int(each["offset"]))
        if behind and cache.window_s < ACKNOWLEDGES_S:
            detail = f"{behind} bytes are not acknowledged, which a replica does once a second"
            how = "set window_s to 2 or more"
            yield survey.missing("cache.replica.lag", "no_data", detail, how, subject=replica, source=origin)
        else:
            told = f"{origin}: master_repl_offset of the first reading less the replica's offset at the second"
            yield survey.measured("cache.replica.lag", behind, subject=replica, window=cache.window_s, source=told)
        yield survey.measured(
            "cache.replica.silent", int(each["lag"]), subject=replica, source=f"{origin}: lag, its last acknowledgement"
        )
