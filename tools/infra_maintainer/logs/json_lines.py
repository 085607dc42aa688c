"""Access logs written as one JSON object per line: Caddy, Traefik, Envoy, nginx with escape=json, and any other."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, cast

from infra_maintainer.logs.template import DurationUnit, Family, FieldName, TimeStyle

# `."a-b"`, `.a` or `[0]`
_STEP = re.compile(r'\."([^"]*)"|\.([^."\[]+)|\[([0-9]+)\]')
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"\s*:|(?P<text>"(?:[^"\\]|\\.)*(?:"|\\?$))|[\s{}\[\],:]|-?[0-9][0-9.eE+-]*|true|false|null',
    re.DOTALL,
)
NGINX_TIME_STYLES: dict[str, TimeStyle] = {"time_local": "clf", "time_iso8601": "iso", "msec": "epoch"}


class JsonLines(NamedTuple):
    """Where each field stands in the object, as JSON paths of members and places in lists.

    Of several paths of one field the first that holds something counts. `other_log` is a path, and how the text there
    begins in lines that tell of a request once more. Nothing else of a line is kept: its headers may
    hold secrets.
    """

    name: str
    family: Family
    paths: tuple[tuple[FieldName, str], ...]
    time_style: TimeStyle = "iso"
    duration_unit: DurationUnit = "s"
    upstream_unit: DurationUnit = "s"
    other_log: tuple[str, str] | None = None

    @classmethod
    def of(
        cls,
        name: str,
        family: Family,
        paths: Mapping[FieldName, str | tuple[str, ...]],
        *,
        time_style: TimeStyle = "iso",
        duration_unit: DurationUnit = "s",
        upstream_unit: DurationUnit = "s",
        other_log: tuple[str, str] | None = None,
    ) -> "JsonLines":
        """Build from a mapping of field name to its path or paths."""
        each: list[tuple[FieldName, str]] = []
        for field, several in paths.items():
            for path in several if isinstance(several, tuple) else (several,):
                each.append((field, path))
        return cls(name, family, tuple(each), time_style, duration_unit, upstream_unit, other_log)

    def fields(self) -> set[FieldName]:
        """The fields that lines of this format carry."""
        return {field for field, _ in self.paths}

    def is_of_other_log(self, members: Mapping[str, object]) -> bool:
        """Whether this line tells of a request that has an access line too."""
        if self.other_log is None:
            return False
        path, begin = self.other_log
        return (_at(members, path) or "").startswith(begin)

    def parse(self, line: str) -> dict[FieldName, str] | None:
        """The raw fields of one line, or None when it is no JSON object, of another log, or has no status."""
        try:
            value: object = json.loads(line)
        except ValueError:
            return None
        if not isinstance(value, dict):
            return None
        if self.is_of_other_log(cast(dict[str, object], value)):
            return None
        found: dict[FieldName, str] = {}
        for field, path in self.paths:
            if field in found:
                continue
            text = _at(cast(dict[str, object], value), path)
            if text is not None:
                found[field] = text
        return found if "status" in found else None


def _at(value: object, path: str) -> str | None:
    for step in _steps(path):
        if isinstance(step, int):
            listed = cast(list[object], value) if isinstance(value, list) else []
            value = listed[step] if step < len(listed) else None
        else:
            value = cast(dict[str, object], value).get(step) if isinstance(value, dict) else None
    if value is None or isinstance(value, (dict, list, bool)):
        return None
    return str(value)


def without_values(line: str) -> str:
    """The beginning of a line, for a report: names and numbers as far as it is JSON. Its texts may be secrets."""
    shown, end = "", 0
    while (token := _TOKEN.match(line, end)) is not None:
        shown += '"…"' if token["text"] else token[0]
        end = token.end()
    return shown if end == len(line) else f"{shown}…"


@cache
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(place) if place else quoted or bare for quoted, bare, place in _STEP.findall(path))


CADDY = JsonLines.of(
    "Caddy JSON",
    "json",
    {
        # From 2.7 on the client behind trusted proxies; before that there was only the other end of the connection.
        "client": ("$.request.client_ip", "$.request.remote_ip"),
        "time": "$.ts",
        "method": "$.request.method",
        "target": "$.request.uri",
        "status": "$.status",
        "duration": "$.duration",
        "agent": '$.request.headers."User-Agent"[0]',
    },
    time_style="epoch",
    other_log=("$.logger", "http.log.error"),  # what standard error gets of a failed request beside its access line
)
TRAEFIK = JsonLines.of(
    "Traefik JSON",
    "json",
    {
        "forwarded": "$.ClientHost",  # with trusted proxies the whole X-Forwarded-For
        "time": ("$.StartUTC", "$.StartLocal"),
        "method": "$.RequestMethod",
        "target": "$.RequestPath",
        "status": "$.DownstreamStatus",
        "duration": "$.Duration",
        "upstream_duration": "$.OriginDuration",
        "upstream_status": "$.OriginStatus",
        "upstream_address": "$.ServiceAddr",
        "retries": "$.RetryAttempts",
        "agent": '$."request_User-Agent"',  # only where its headers are kept
    },
    duration_unit="ns",
    upstream_unit="ns",
)
ENVOY_JSON = JsonLines.of(
    "Envoy JSON",
    "envoy",
    {
        "client": "$.downstream_remote_address",
        "forwarded": "$.x_forwarded_for",
        "time": "$.start_time",
        "method": "$.method",
        "target": "$.path",
        "status": "$.response_code",
        "duration": "$.duration",
        "upstream_duration": "$.upstream_service_time",
        "upstream_address": "$.upstream_host",
        "agent": "$.user_agent",
        "flags": "$.response_flags",
    },
    duration_unit="ms",
    upstream_unit="ms",
)
# Only names that carry their unit are taken as durations: a bare "duration" or "latency" of unknown unit stays unknown.
_GUESSES: dict[FieldName, tuple[str, ...]] = {
    "client": ("client_ip", "remote_addr", "remote_ip", "clientip", "client", "ip"),
    "forwarded": ("http_x_forwarded_for", "x_forwarded_for"),
    "time": ("time_iso8601", "@timestamp", "timestamp", "time", "ts", "date"),
    "request": ("request",),
    "method": ("request_method", "method", "http_method", "verb"),
    "target": ("request_uri", "uri", "path", "url", "request_path"),
    "status": ("status", "status_code", "response_status", "code"),
    "duration": ("request_time", "duration_ms", "latency_ms", "response_time_ms", "elapsed_ms", "duration_s",
                 "duration_seconds", "duration_us", "duration_ns"),
    "upstream_duration": ("upstream_response_time",),
    "upstream_status": ("upstream_status",),
    "upstream_address": ("upstream_addr",),
    "agent": ("http_user_agent", "user_agent", "userAgent", "User-Agent", "agent"),
}  # fmt: skip


def recognise_json(line: str) -> JsonLines | None:
    """The format of a JSON log from one of its lines; None when it names no status."""
    for known in (CADDY, TRAEFIK, ENVOY_JSON):
        parsed = known.parse(line)
        if parsed is not None and "target" in parsed and "time" in parsed:
            return known
    try:
        value: object = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    members = cast(dict[str, object], value)
    if CADDY.is_of_other_log(members):
        return None
    paths: dict[FieldName, str] = {}
    for field, names in _GUESSES.items():
        present = next((name for name in names if _scalar(members.get(name))), None)
        if present is not None:
            paths[field] = f'$."{present}"'
    if "status" not in paths:
        return None
    duration = paths.get("duration", "").strip('$."')
    units: dict[str, DurationUnit] = {"ms": "ms", "us": "us", "ns": "ns"}
    unit = units.get(duration.rsplit("_", 1)[-1], "s")
    moment = members.get(paths.get("time", "").strip('$."'))
    return JsonLines.of("JSON lines", "json", paths, time_style=_time_style(moment), duration_unit=unit)


def _scalar(value: object) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _time_style(moment: object) -> TimeStyle:
    if isinstance(moment, (int, float)):
        return "epoch_ms" if moment > 1e11 else "epoch"
    text = str(moment or "")
    return "clf" if "/" in text[:3] else "iso"
