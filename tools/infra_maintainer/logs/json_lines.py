"""Access logs written as one JSON object per line: Caddy, Traefik, Envoy, nginx with escape=json, and any other."""

import json
from collections.abc import Mapping
from typing import NamedTuple, cast

from infra_maintainer.logs.template import DurationUnit, Family, FieldName, TimeStyle

NGINX_TIME_STYLES: dict[str, TimeStyle] = {"time_local": "clf", "time_iso8601": "iso", "msec": "epoch"}


class JsonLines(NamedTuple):
    """Where each field stands in the object, as a JSON path of members only."""

    name: str
    family: Family
    paths: tuple[tuple[FieldName, str], ...]
    time_style: TimeStyle = "iso"
    duration_unit: DurationUnit = "s"
    upstream_unit: DurationUnit = "s"

    @classmethod
    def of(
        cls,
        name: str,
        family: Family,
        paths: Mapping[FieldName, str],
        *,
        time_style: TimeStyle = "iso",
        duration_unit: DurationUnit = "s",
        upstream_unit: DurationUnit = "s",
    ) -> "JsonLines":
        """Build from a mapping of field name to JSON path."""
        return cls(name, family, tuple(paths.items()), time_style, duration_unit, upstream_unit)

    def fields(self) -> set[FieldName]:
        """The fields that lines of this format carry."""
        return {field for field, _ in self.paths}

    def parse(self, line: str) -> dict[FieldName, str] | None:
        """The raw fields of one line, or None when it is no JSON object or has no status."""
        try:
            value: object = json.loads(line)
        except ValueError:
            return None
        if not isinstance(value, dict):
            return None
        found: dict[FieldName, str] = {}
        for field, path in self.paths:
            text = _at(cast(dict[str, object], value), path)
            if text is not None:
                found[field] = text
        return found if "status" in found else None


def _at(value: object, path: str) -> str | None:
    for member in _members(path):
        if not isinstance(value, dict):
            return None
        value = cast(dict[str, object], value).get(member)
    if value is None or isinstance(value, (dict, list, bool)):
        return None
    return str(value)


def _members(path: str) -> list[str]:
    return [piece.strip('"') for piece in path.removeprefix("$.").split(".")] if '"' not in path else [path[3:-1]]


CADDY = JsonLines.of(
    "Caddy JSON",
    "json",
    {
        "client": "$.request.client_ip",
        "time": "$.ts",
        "method": "$.request.method",
        "target": "$.request.uri",
        "status": "$.status",
        "duration": "$.duration",
    },
    time_style="epoch",
)
TRAEFIK = JsonLines.of(
    "Traefik JSON",
    "json",
    {
        "client": "$.ClientHost",
        "time": "$.StartUTC",
        "method": "$.RequestMethod",
        "target": "$.RequestPath",
        "status": "$.DownstreamStatus",
        "duration": "$.Duration",
        "upstream_duration": "$.OriginDuration",
        "upstream_status": "$.OriginStatus",
        "upstream_address": "$.ServiceAddr",
        "retries": "$.RetryAttempts",
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
    "agent": ("http_user_agent", "user_agent", "agent"),
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
