"""From raw text fields to countable columns: route, status, time, failure, tries. The same for all formats."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from infra_maintainer.logs.classes import IDENTIFIER, MACHINE, NO_AGENT, PROBE, REQUEST, WITHOUT_REQUEST
from infra_maintainer.logs.cut import first_bytes
from infra_maintainer.logs.json_lines import JsonLines
from infra_maintainer.logs.template import DurationUnit, FieldName, TimeStyle

if TYPE_CHECKING:
    from infra_maintainer.logs.known import Format

UNTIMED = -1
NAMELESS, USER, BOT, CHECK, NOBODY = range(-1, 4)  # what `agent` holds, also in the questions about counts
FAILURE = pl.Enum(["timeout", "aborted", "closed", "balancer_error", "server_error"])
SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "route": pl.String, "status": pl.Int16, "us": pl.Int64, "client": pl.UInt64, "moment": pl.String,
    "upstream": pl.String, "attempts": pl.String, "upstream_us": pl.Int64, "tries": pl.Int32, "agent": pl.Int8,
    "failure": FAILURE,
}  # fmt: skip

_FACTOR: dict[DurationUnit, float] = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}

_IDENTIFIER = IDENTIFIER + r"(?-u:\b)"
_MOST_AGENTS = 20_000

_STATUS, _ATTEMPTS, _FLAGS = pl.col("status"), pl.col("attempts"), pl.col("flags")


class Hits:
    """One row per line of one format: the columns of SCHEMA, and `accepted`.

    `us` is UNTIMED where the request has no duration; `agent` is what its program calls itself: BOT, CHECK, USER for
    any other program or browser, NAMELESS where the line names none. A line is accepted when its status is a number
    and its times are times or absent. Without `lists` each upstream variable is known to hold one entry, which spares
    every row the search for more. Clients are counted by a 64-bit hash with this seed: no address is kept; 10 million
    of them collide once in 400,000 logs.
    """

    def __init__(self, log_format: "Format", fields: Mapping[FieldName, pl.Expr], seed: int, *, lists: bool) -> None:
        nothing, time, agent = pl.lit(None, pl.String), fields.get("time"), fields.get("agent")
        self.columns = {
            "route": _route(log_format, fields),
            "status": fields["status"].cast(pl.Int16, strict=False),
            "us": _duration(log_format, fields),
            "client": _client(fields.get("client"), fields.get("forwarded"), seed),
            "moment": nothing if time is None else _moment(log_format.time_style, time),
            "upstream": fields.get("upstream_address", nothing),
            "attempts": fields.get("upstream_status", nothing),
            "upstream_us": _upstream_duration(log_format, fields.get("upstream_duration"), lists=lists),
            "tries": _tries(log_format, fields, lists=lists),
            "flags": fields.get("flags", nothing),
            "agent": pl.lit(NAMELESS, pl.Int8)
            if agent is None
            else agent.map_batches(_Agents().kinds, return_dtype=pl.Int8),
        }
        accepted = _STATUS.is_not_null() & pl.col("us").is_not_null()
        self._judged = {"failure": _failure(log_format), "accepted": accepted}

    def of(self, rows: pl.DataFrame, **more: pl.Expr) -> pl.DataFrame:
        """The hits of rows that hold the fields, and more columns of theirs."""
        return self.judged(rows.select_seq(**self.columns, **more))

    def judged(self, found: pl.DataFrame) -> pl.DataFrame:
        """The same hits with what follows from their other columns."""
        return found.with_columns_seq(**self._judged)


def without_nobodys(hits: pl.DataFrame) -> pl.DataFrame:
    """The same hits, with `agent` NOBODY where a line holds no request. Only a few statuses are worth a look."""
    places = hits["status"].is_in(WITHOUT_REQUEST).arg_true()
    places = places.filter(~hits["route"].gather(places).str.contains(REQUEST))
    return hits if places.is_empty() else hits.with_columns(agent=hits["agent"].scatter(places, NOBODY))


def _route(log_format: "Format", fields: Mapping[FieldName, pl.Expr]) -> pl.Expr:
    """Method and path, perhaps with the protocol behind them: that is taken off the few distinct ones later."""
    request = fields.get("request")
    if request is None:
        request = pl.concat_str(
            *([fields[name] for name in ("method", "target") if name in fields] or [pl.lit("")]), separator=" "
        )
    protocol = " HTTP/1.1"
    without = pl.when(request.str.ends_with(protocol)).then(request.str.len_bytes() - len(protocol))
    path = first_bytes(request, pl.coalesce(request.str.find("?", literal=True), without))
    if log_format.family == "alb":  # targets are whole addresses there, sometimes with two blanks before them
        path = path.str.replace(r"^(\S+) +\w+://[^/ ]+", "${1} ")
    return path.str.replace_all(_IDENTIFIER, "/:id")


def _seconds(text: pl.Expr, unit: DurationUnit) -> pl.Expr:
    """Whole microseconds."""
    return (text.cast(pl.Float64, strict=False) * _FACTOR[unit]).round().cast(pl.Int64, strict=False)


def _duration(log_format: "Format", fields: Mapping[FieldName, pl.Expr]) -> pl.Expr:
    duration = fields.get("duration")
    if duration is None:
        return pl.lit(UNTIMED, pl.Int64)
    # An empty text is an absent member of a JSON object; elsewhere it is a line that does not fit.
    marks = ("-", "") if isinstance(log_format, JsonLines) else ("-",)
    absent = pl.when(pl.any_horizontal(duration == mark for mark in marks)).then(pl.lit(UNTIMED, pl.Int64))
    if log_format.family == "nginx":  # never negative
        return pl.coalesce(_seconds(duration, log_format.duration_unit), absent)
    phases = [duration, *(fields[name] for name in ("duration_2", "duration_3") if name in fields)]
    numbers = [phase.str.strip_chars_start("+").cast(pl.Float64, strict=False) for phase in phases]
    total = sum(numbers[1:], start=numbers[0]) * _FACTOR[log_format.duration_unit]
    value = total.round().cast(pl.Int64, strict=False)
    # A phase of -1 was never reached: the request has no duration, not one that is a second short.
    unreached = pl.any_horizontal(number < 0 for number in numbers)
    return pl.when(unreached).then(pl.lit(UNTIMED, pl.Int64)).otherwise(pl.coalesce(value, absent))


def _client(client: pl.Expr | None, forwarded: pl.Expr | None, seed: int) -> pl.Expr:
    if forwarded is None:
        return pl.lit(None, pl.UInt64) if client is None else client.hash(seed)
    first = forwarded.str.split_exact(",", 1).struct[0].str.strip_chars(" ")
    named = pl.when(~first.is_in(("-", ""))).then(first)
    return (named if client is None else pl.coalesce(named, client)).hash(seed)


def _moment(style: TimeStyle, time: pl.Expr) -> pl.Expr:
    """Text for a second and its zone, so that two zones in one file are not mixed; it is read as a time after grouping.

    Cutting the seconds out of the common log format costs more than grouping by them.
    """
    if style == "clf":
        return time
    if style == "iso":
        return pl.concat_str(time.str.slice(0, 19), time.str.extract(r"(Z|[+-][0-9]{2}:?[0-9]{2})$").fill_null(""))
    if style == "haproxy":
        return time.str.slice(0, 20)
    second = 1 if style == "epoch" else 1000
    return (time.cast(pl.Float64, strict=False) // second).cast(pl.Int64, strict=False).cast(pl.String)


class _Agents:
    """The kinds of user agents, remembered by the hash of the text: the patterns are dear."""

    def __init__(self) -> None:
        self._nameless = pl.Series(NO_AGENT).hash()
        self._forget()

    def kinds(self, agents: pl.Series) -> pl.Series:
        """The kind of each text."""
        hashes = agents.hash()
        new = agents.filter(~hashes.is_in(self._known.implode()))
        if not new.is_empty():
            if len(self._known) > _MOST_AGENTS:
                self._forget()
                new = agents
            self._learn(new.unique())
        bots, probes, nameless = (
            hashes.is_in(each.implode()).cast(pl.Int8) for each in (self._bots, self._probes, self._nameless)
        )
        return BOT * bots + CHECK * probes + NAMELESS * nameless

    def _forget(self) -> None:
        nothing = pl.Series([], dtype=pl.UInt64)
        self._known = self._bots = self._probes = nothing

    def _learn(self, new: pl.Series) -> None:
        hashes, probes = new.hash(), new.str.contains(PROBE)
        self._known = pl.concat([self._known, hashes])
        self._probes = pl.concat([self._probes, hashes.filter(probes)])
        self._bots = pl.concat([self._bots, hashes.filter(new.str.contains(MACHINE) & ~probes)])


def _upstream_duration(log_format: "Format", duration: pl.Expr | None, *, lists: bool) -> pl.Expr:
    if duration is None:
        return pl.lit(None, pl.Int64)
    one = _seconds(duration, log_format.upstream_unit)
    if log_format.family != "nginx":
        return pl.when(one >= 0).then(one)
    if not lists:
        return one
    each = duration.str.extract_all(r"[0-9.]+").cast(pl.List(pl.Float64), strict=False)
    total = (each.list.sum() * _FACTOR[log_format.upstream_unit]).round().cast(pl.Int64, strict=False)
    return pl.when(each.list.len() > 0).then(total)


def _tries(log_format: "Format", fields: Mapping[FieldName, pl.Expr], *, lists: bool) -> pl.Expr:
    """Attempts at an upstream: nginx lists them with commas (a colon is an internal redirect, not a retry)."""
    if (retries := fields.get("retries")) is not None:
        return 1 + retries.str.strip_chars_start("+").cast(pl.Int32, strict=False).fill_null(0)
    listed = fields.get("upstream_status")
    listed = fields.get("upstream_duration") if listed is None else listed
    if log_format.family != "nginx" or listed is None:
        return pl.lit(None, pl.Int32)
    if not lists:
        return pl.lit(1, pl.Int32)
    return 1 + listed.str.count_matches(",", literal=True).cast(pl.Int32)


_TIMED_OUT = _STATUS.is_in((504, 408))
_FLAG = _FLAGS.str.slice(0, 1)
# What failed, first match wins; `flags` are HAProxy's termination state or Envoy's response flags.
_ARMS: dict[str, tuple[tuple[pl.Expr, str], ...]] = {
    "nginx": (
        (_TIMED_OUT, "timeout"),
        (_STATUS == 499, "aborted"),
        (_STATUS == 444, "closed"),
        ((_STATUS >= 500) & ((_ATTEMPTS == "-") | (_ATTEMPTS == "")), "balancer_error"),
    ),
    # nginx writes the same combined and common formats; no other server has a 499 or 444 of its own.
    "apache": ((_TIMED_OUT, "timeout"), (_STATUS == 499, "aborted"), (_STATUS == 444, "closed")),
    "haproxy": (
        ((_FLAG == "s") | (_STATUS == 504) | ((_FLAG == "c") & _STATUS.is_in((408, -1))), "timeout"),
        ((_FLAG == "C") | (_STATUS < 0), "aborted"),
        ((_STATUS >= 500) & _FLAG.is_in(("S", "P", "R", "I")), "balancer_error"),
    ),
    "envoy": (
        (_TIMED_OUT | _FLAGS.str.contains("UT|SI|DT"), "timeout"),
        ((_STATUS == 0) | _FLAGS.str.contains("DC|DR"), "aborted"),
        (_FLAGS.str.contains("UH|UF|UO|NR|UC|URX|LH|NC"), "balancer_error"),
    ),
    "alb": (
        (_STATUS == 460, "aborted"),
        (_TIMED_OUT, "timeout"),
        ((_STATUS >= 500) & (_ATTEMPTS == "-"), "balancer_error"),
    ),
    "json": ((_TIMED_OUT, "timeout"), (_STATUS.is_in((499, 0)), "aborted")),
}


def _failure(log_format: "Format") -> pl.Expr:
    """The kind of failure of a request as its user saw it, null for none."""
    found = pl.when(_STATUS >= 500).then(pl.lit("server_error", FAILURE))
    otherwise: pl.Expr = found
    for condition, kind in reversed(_ARMS[log_format.family]):
        otherwise = pl.when(condition).then(pl.lit(kind, FAILURE)).otherwise(otherwise)
    return otherwise
