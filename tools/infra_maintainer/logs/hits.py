"""From raw text fields to countable columns: route, status, time, failure, tries. SQL, the same for all formats."""

from collections.abc import Mapping

from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.known import Format
from infra_maintainer.logs.template import DurationUnit, FieldName, TimeStyle

RAW_FIELDS: tuple[FieldName, ...] = (
    "client", "forwarded", "time", "request", "method", "target", "status", "duration", "duration_2", "duration_3",
    "upstream_duration", "upstream_status", "upstream_address", "agent", "flags", "retries",
)  # fmt: skip

_FACTOR: dict[DurationUnit, str] = {"s": "1e6", "ms": "1e3", "us": "1", "ns": "1e-3"}

# Identifiers in a path become `:id`: numbers, long hexadecimal words, and words that hold three digits (UUIDs, tokens).
# `\b` ends the word without taking the slash, which the next identifier needs.
_IDENTIFIER = r"/(?:[0-9]+|[0-9a-fA-F]{12,}|(?:[A-Za-z_-]*[0-9]){3}[A-Za-z0-9_-]*)\b"
_PROBE = r"(?i)kube-probe|elb-healthchecker|googlehc|haproxy|consul health|prometheus|blackbox|envoy/hc|health"
_MACHINE = (
    r"(?i)bot\b|bot[/;]|crawl|spider|slurp|scan|monitor|uptime|pingdom|curl/|wget|python-requests|python-urllib|"
    r"go-http-client|java/|libwww|headless|lighthouse|facebookexternal|preview|feed|https?://|@"
)

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
    "iso": "TRY_CAST(substr(key, 1, 10) || ' ' || substr(key, 12, 5) || ':00' || substr(key, 17) AS TIMESTAMPTZ)",
    "epoch": "to_timestamp(TRY_CAST(key AS BIGINT) * 60)",
    "epoch_ms": "to_timestamp(TRY_CAST(key AS BIGINT) * 60)",
    "haproxy": "try_strptime(key || ' +0000', '%d/%b/%Y:%H:%M %z')",
}


# A line counts as parsed when its status is a number and its times are times or absent. `us` is UNTIMED for absent.
ACCEPTED = "coalesce(status IS NOT NULL AND us IS NOT NULL, false)"
UNTIMED = -1


def hits_select(log_format: Format, columns: Mapping[FieldName, str], *, lists: bool) -> str:
    """The select list that turns raw field expressions into the columns of the table `hits`.

    Without `lists` each upstream variable is known to hold one entry, which spares every row the search for more.
    """
    time = columns.get("time")
    select = {
        "route": _route(log_format, columns),
        "status": f"TRY_CAST({columns['status']} AS SMALLINT)",
        "us": _duration(log_format, columns),
        "client": _client(columns.get("client"), columns.get("forwarded")),
        "key": "NULL::VARCHAR" if time is None else _time_key(log_format.time_style, time),
        "agent": _agent_kind(columns.get("agent")),
        "upstream": columns.get("upstream_address") or "NULL::VARCHAR",
        "attempts": columns.get("upstream_status") or "NULL::VARCHAR",
        "upstream_us": _upstream_duration(log_format, columns.get("upstream_duration"), lists=lists),
        "tries": _tries(log_format, columns, lists=lists),
        "flags": columns.get("flags") or "NULL::VARCHAR",
    }
    return ", ".join(f"{expression} AS {name}" for name, expression in select.items())


def _time_key(style: TimeStyle, time: str) -> str:
    if time.endswith(", -28, 26)"):  # cut the minute and the zone out of the segment itself
        segment = time.removesuffix(", -28, 26)")
        return f"{segment}, -28, 17) || {segment}, -8, 6)"
    return _TIME_KEY[style].format(time=time)


def _route(log_format: Format, columns: Mapping[FieldName, str]) -> str:
    """Method and path, perhaps with the protocol behind them: `route_name` takes that off the few distinct ones."""
    request = columns.get("request")
    if request is None:
        request = f"concat_ws(' ', {columns.get('method', 'NULL')}, {columns.get('target', 'NULL')})"
    text = f"split_part({request}, '?', 1)"
    if log_format.family == "alb":  # targets are whole addresses there, sometimes with two blanks before them
        text = rf"regexp_replace({text}, '^(\S+) +\w+://[^/ ]+', '\1 ')"
    return f"regexp_replace({text}, '{_IDENTIFIER}', '/:id', 'g')"


def route_name(route: str) -> str:
    """The SQL expression that names a route of the tables."""
    return f"split_part({route}, ' HTTP/', 1)"


def _duration(log_format: Format, columns: Mapping[FieldName, str]) -> str:
    duration = columns.get("duration")
    if duration is None:
        return f"CAST({UNTIMED} AS BIGINT)"
    factor = _FACTOR[log_format.duration_unit]
    # An empty text is an absent member of a JSON object; elsewhere it is a line that does not fit.
    marks = "('-', '')" if isinstance(log_format, JsonLines) else "('-')"
    absent = f"CASE WHEN {duration} IN {marks} THEN {UNTIMED} END"
    if log_format.family == "nginx":  # never negative
        return f"coalesce(CAST(TRY_CAST({duration} AS DOUBLE) * {factor} AS BIGINT), {absent})"
    phases = [duration, *(phase for name in ("duration_2", "duration_3") if (phase := columns.get(name)))]
    numbers = [f"TRY_CAST(ltrim({phase}, '+') AS DOUBLE)" for phase in phases]
    value = f"CAST(({' + '.join(numbers)}) * {factor} AS BIGINT)"
    # A phase of -1 was never reached: the request has no duration, not one that is a second short.
    unreached = " OR ".join(f"{number} < 0" for number in numbers)
    return f"CASE WHEN {unreached} THEN {UNTIMED} ELSE coalesce({value}, {absent}) END"


def _client(client: str | None, forwarded: str | None) -> str:
    """Clients are counted by a 64-bit hash: no address is kept; 10 million of them collide once in 400,000 logs."""
    if client is None and forwarded is None:
        return "NULL::UBIGINT"
    if forwarded is None:
        return f"hash({client})"
    first = f"nullif(nullif(trim(split_part({forwarded}, ',', 1)), '-'), '')"
    return f"hash(coalesce({first}, {client or 'NULL'}))"


def _agent_kind(agent: str | None) -> str:
    """1 = bot, 2 = health check, 0 = anything else. The first arm spares real browsers the dear patterns."""
    if agent is None:
        return "0::TINYINT"
    machine = " OR ".join(f"contains({agent}, '{word}')" for word in ("compatible", "+http", "Headless"))
    return (
        f"CASE WHEN starts_with({agent}, 'Mozilla/') AND NOT ({machine}) THEN 0::TINYINT "
        f"WHEN regexp_matches({agent}, '{_PROBE}') THEN 2::TINYINT "
        f"WHEN regexp_matches({agent}, '{_MACHINE}') THEN 1::TINYINT ELSE 0::TINYINT END"
    )


def _upstream_duration(log_format: Format, duration: str | None, *, lists: bool) -> str:
    if duration is None:
        return "NULL::BIGINT"
    factor = _FACTOR[log_format.upstream_unit]
    number = f"TRY_CAST({duration} AS DOUBLE)"
    one = f"CAST({number} * {factor} AS BIGINT)"  # the cast rounds
    if log_format.family != "nginx":
        return f"CASE WHEN {number} >= 0 THEN {one} END"
    if not lists:
        return one
    several = f"list_sum(list_transform(string_split_regex({duration}, '[ ,:]+'), lambda x: TRY_CAST(x AS DOUBLE)))"
    return f"CASE WHEN contains({duration}, ' ') THEN CAST({several} * {factor} AS BIGINT) ELSE {one} END"


def _tries(log_format: Format, columns: Mapping[FieldName, str], *, lists: bool) -> str:
    """Attempts at an upstream: nginx lists them with commas (a colon is an internal redirect, not a retry)."""
    if (retries := columns.get("retries")) is not None:
        return f"1 + coalesce(TRY_CAST(ltrim({retries}, '+') AS INTEGER), 0)"
    listed = columns.get("upstream_status") or columns.get("upstream_duration")
    if log_format.family != "nginx" or listed is None:
        return "NULL::INTEGER"
    if not lists:
        return "1::INTEGER"
    commas = f"length({listed}) - length(replace({listed}, ',', ''))"
    return f"CASE WHEN contains({listed}, ',') THEN CAST(1 + {commas} AS INTEGER) ELSE 1 END"


# What failed, first match wins; `flags` are HAProxy's termination state or Envoy's response flags.
_ARMS: dict[str, tuple[tuple[str, str], ...]] = {
    "nginx": (
        ("status IN (504, 408)", "timeout"),
        ("status = 499", "aborted"),
        ("status = 444", "closed"),
        ("status >= 500 AND attempts IN ('-', '')", "balancer_error"),
    ),
    "apache": (("status IN (504, 408)", "timeout"),),
    "haproxy": (
        ("flags[1] = 's' OR status = 504 OR (flags[1] = 'c' AND status IN (408, -1))", "timeout"),
        ("flags[1] = 'C' OR status < 0", "aborted"),
        ("status >= 500 AND flags[1] IN ('S', 'P', 'R', 'I')", "balancer_error"),
    ),
    "envoy": (
        ("status IN (504, 408) OR regexp_matches(flags, 'UT|SI|DT')", "timeout"),
        ("status = 0 OR regexp_matches(flags, 'DC|DR')", "aborted"),
        ("regexp_matches(flags, 'UH|UF|UO|NR|UC|URX|LH|NC')", "balancer_error"),
    ),
    "alb": (
        ("status = 460", "aborted"),
        ("status IN (504, 408)", "timeout"),
        ("status >= 500 AND attempts = '-'", "balancer_error"),
    ),
    "json": (("status IN (504, 408)", "timeout"), ("status IN (499, 0)", "aborted")),
}


def failure(log_format: Format) -> str:
    """The kind of failure of a request as its user saw it, NULL for none; over the columns of `hits`."""
    arms = "".join(f"WHEN {condition} THEN '{kind}' " for condition, kind in _ARMS[log_format.family])
    return f"CASE {arms}WHEN status >= 500 THEN 'server_error' END"
