"""From raw text fields to countable columns: route, status, time, failure, tries. SQL only, the same for every format."""

from collections.abc import Mapping

from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import DurationUnit, FieldName, TimeStyle

RAW_FIELDS: tuple[FieldName, ...] = (
    "client", "forwarded", "time", "request", "method", "target", "status", "duration", "duration_2", "duration_3",
    "upstream_duration", "upstream_status", "upstream_address", "agent", "flags", "retries",
)  # fmt: skip

_FACTOR: dict[DurationUnit, str] = {"s": "1e6", "ms": "1e3", "us": "1", "ns": "1e-3"}

# Identifiers in a path become `:id`: numbers, UUIDs, long hexadecimal words, and words of 12 signs or more with at least
# three digits. A `\\b` ends the word, so that the slash stays for the next one.
_IDENTIFIER = (
    r"/(?:[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{12,}"
    r"|[A-Za-z_-]*[0-9][A-Za-z_-]*[0-9][A-Za-z_-]*[0-9][A-Za-z0-9_-]{9,})\b"
)
_MACHINE = (
    r"(?i)bot\b|bot[/;]|crawl|spider|slurp|scan|monitor|uptime|pingdom|curl/|wget|python-requests|python-urllib|go-http-client|"
    r"java/|libwww|headless|lighthouse|facebookexternal|preview|feed|https?://|@"
)
_PROBE = r"(?i)kube-probe|elb-healthchecker|googlehc|haproxy|consul health|prometheus|blackbox|envoy/hc|health"

# The zone is part of the key, so that two zones in one file are not mixed; keys become minutes after grouping.
_TIME_KEY: dict[TimeStyle, str] = {
    "clf": "substr({time}, 1, 17) || right({time}, 6)",
    "iso": "substr({time}, 1, 16) || regexp_extract({time}, '(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})$')",
    "epoch": "CAST(TRY_CAST({time} AS DOUBLE) // 60 AS BIGINT)::VARCHAR",
    "epoch_ms": "CAST(TRY_CAST({time} AS DOUBLE) // 60000 AS BIGINT)::VARCHAR",
    "haproxy": "substr({time}, 1, 17)",
}
MINUTE_OF_KEY: dict[TimeStyle, str] = {
    "clf": "try_strptime(key, '%d/%b/%Y:%H:%M %z')",
    "iso": "TRY_CAST(regexp_replace(replace(key, ' ', 'T'), '(Z|[+-][0-9:]+)?$', ':00\\1') AS TIMESTAMPTZ)",
    "epoch": "to_timestamp(TRY_CAST(key AS BIGINT) * 60)",
    "epoch_ms": "to_timestamp(TRY_CAST(key AS BIGINT) * 60)",
    "haproxy": "try_strptime(key || ' +0000', '%d/%b/%Y:%H:%M %z')",
}


def accepted(columns: Mapping[FieldName, str]) -> str:
    """The condition under which a line counts as parsed: a status that is a number, and times that are times or absent."""
    conditions = [f"TRY_CAST({columns['status']} AS SMALLINT) IS NOT NULL"]
    conditions += [
        f"({column} IN ('-', '') OR TRY_CAST(ltrim({column}, '+') AS DOUBLE) IS NOT NULL)"
        for name in ("duration", "duration_2", "duration_3")
        if (column := columns.get(name)) is not None
    ]
    return " AND ".join(conditions)


def hits_select(log_format: Format, columns: Mapping[FieldName, str]) -> str:
    """The select list that turns raw field expressions into the columns of the table `hits`."""
    get = columns.get
    time = get("time")
    select = {
        "route": _route(log_format, columns),
        "status": f"TRY_CAST({columns['status']} AS SMALLINT)",
        "us": _duration(log_format, columns),
        "client": _client(get("client"), get("forwarded")),
        "key": "NULL::VARCHAR" if time is None else _TIME_KEY[log_format.time_style].format(time=time),
        "agent": _agent_kind(get("agent")),
        "upstream": get("upstream_address") or "NULL::VARCHAR",
        "attempts": get("upstream_status") or "NULL::VARCHAR",
        "upstream_us": _upstream_duration(log_format, get("upstream_duration")),
        "tries": _tries(log_format, columns),
        "flags": get("flags") or "NULL::VARCHAR",
    }
    return ", ".join(f"{expression} AS {name}" for name, expression in select.items())


def _route(log_format: Format, columns: Mapping[FieldName, str]) -> str:
    request = columns.get("request")
    if request is not None:
        text = f"split_part(split_part({request}, ' HTTP', 1), '?', 1)"
    else:
        method, target = columns.get("method", "''"), columns.get("target", "''")
        text = f"concat_ws(' ', {method}, split_part({target}, '?', 1))"
    if log_format.family == "alb":
        text = rf"regexp_replace({text}, '^(\S+) \w+://[^/ ]+', '\1 ')"
        text = rf"regexp_replace({text}, '^(\S+) +', '\1 ')"
    return f"regexp_replace({text}, '{_IDENTIFIER}', '/:id', 'g')"


def _duration(log_format: Format, columns: Mapping[FieldName, str]) -> str:
    duration = columns.get("duration")
    if duration is None:
        return "NULL::BIGINT"
    if log_format.family == "haproxy":
        duration = f"ltrim({duration}, '+')"
    phases = [f"TRY_CAST({phase} AS DOUBLE)" for name in ("duration_2", "duration_3") if (phase := columns.get(name))]
    seconds = " + ".join([f"TRY_CAST({duration} AS DOUBLE)", *phases])
    value = f"CAST(round(({seconds}) * {_FACTOR[log_format.duration_unit]}) AS BIGINT)"
    if log_format.family == "nginx":
        return value
    lowest = ", ".join([f"TRY_CAST({duration} AS DOUBLE)", *phases])
    # A phase of -1 was never reached: the request has no duration, not one that is a second short.
    return f"CASE WHEN least({lowest}) < 0 THEN NULL ELSE {value} END"


def _client(client: str | None, forwarded: str | None) -> str:
    """Clients are counted by a 64-bit hash: no address is kept, and among 10 million one pair in 400,000 runs collides."""
    if client is None and forwarded is None:
        return "NULL::UBIGINT"
    if forwarded is None:
        return f"hash({client})"
    first = f"nullif(nullif(trim(split_part({forwarded}, ',', 1)), '-'), '')"
    return f"hash(coalesce({first}, {client or 'NULL'}))"


def _agent_kind(agent: str | None) -> str:
    """1 = bot, 2 = health check, 0 = anything else. The first arm spares real browsers the dear pattern."""
    if agent is None:
        return "0::TINYINT"
    machine = " OR ".join(f"contains({agent}, '{word}')" for word in ("compatible", "+http", "Headless", "Lighthouse"))
    return (
        f"CASE WHEN starts_with({agent}, 'Mozilla/') AND NOT ({machine}) THEN 0 "
        f"WHEN regexp_matches({agent}, '{_PROBE}') THEN 2 WHEN regexp_matches({agent}, '{_MACHINE}') THEN 1 ELSE 0 END::TINYINT"
    )


def _upstream_duration(log_format: Format, duration: str | None) -> str:
    if duration is None:
        return "NULL::BIGINT"
    factor = _FACTOR[log_format.upstream_unit]
    one = f"CAST(round(TRY_CAST({duration} AS DOUBLE) * {factor}) AS BIGINT)"
    if log_format.family != "nginx":
        return f"CASE WHEN TRY_CAST({duration} AS DOUBLE) < 0 THEN NULL ELSE {one} END"
    several = f"list_sum(list_transform(string_split_regex({duration}, '[ ,:]+'), lambda x: TRY_CAST(x AS DOUBLE)))"
    return f"CASE WHEN contains({duration}, ' ') THEN CAST(round({several} * {factor}) AS BIGINT) ELSE {one} END"


def _tries(log_format: Format, columns: Mapping[FieldName, str]) -> str:
    """Attempts at an upstream: nginx lists them with commas (a colon is an internal redirect, not a retry)."""
    if (retries := columns.get("retries")) is not None:
        return f"1 + coalesce(TRY_CAST(ltrim({retries}, '+') AS INTEGER), 0)"
    listed = columns.get("upstream_status") or columns.get("upstream_duration")
    if log_format.family != "nginx" or listed is None:
        return "NULL::INTEGER"
    return f"CASE WHEN contains({listed}, ',') THEN 1 + length({listed}) - length(replace({listed}, ',', '')) ELSE 1 END"


# What failed, in the order of the arms; `flags` are HAProxy's termination state or Envoy's response flags.
FAILURE: dict[str, str] = {
    "nginx": "CASE WHEN status IN (504, 408) THEN 'timeout' WHEN status = 499 THEN 'aborted' WHEN status = 444 THEN 'closed' "
    "WHEN status >= 500 AND coalesce(attempts, '') IN ('-', '') AND attempts IS NOT NULL THEN 'balancer_error' "
    "WHEN status >= 500 THEN 'server_error' END",
    "apache": "CASE WHEN status IN (504, 408) THEN 'timeout' WHEN status >= 500 THEN 'server_error' END",
    "haproxy": "CASE WHEN flags[1] IN ('s', 'c') AND status IN (504, 408, -1) THEN 'timeout' WHEN flags[1] = 'C' THEN 'aborted' "
    "WHEN status = 504 OR flags[1] = 's' THEN 'timeout' WHEN status >= 500 AND flags[1] IN ('S', 'P', 'R', 'I') THEN 'balancer_error' "
    "WHEN status >= 500 THEN 'server_error' WHEN status < 0 THEN 'aborted' END",
    "envoy": "CASE WHEN regexp_matches(flags, 'UT|SI|DT') OR status IN (504, 408) THEN 'timeout' "
    "WHEN regexp_matches(flags, 'DC|DR') OR status = 0 THEN 'aborted' "
    "WHEN regexp_matches(flags, 'UH|UF|UO|NR|UC|URX|LH|NC') THEN 'balancer_error' WHEN status >= 500 THEN 'server_error' END",
    "alb": "CASE WHEN status = 460 THEN 'aborted' WHEN status = 504 OR status = 408 THEN 'timeout' "
    "WHEN status >= 500 AND attempts = '-' THEN 'balancer_error' WHEN status >= 500 THEN 'server_error' END",
    "json": "CASE WHEN status IN (504, 408) THEN 'timeout' WHEN status = 499 OR status = 0 THEN 'aborted' "
    "WHEN status >= 500 THEN 'server_error' END",
}
