"""Formats known by heart, and the recognition of a log from its first lines."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from infra_maintainer.logs.apache import COMBINED as APACHE_COMBINED
from infra_maintainer.logs.apache import COMMON, apache_format
from infra_maintainer.logs.json_lines import CADDY, ENVOY_JSON, TRAEFIK, JsonLines, recognise_json
from infra_maintainer.logs.nginx import COMBINED, TIMED, nginx_format
from infra_maintainer.logs.template import Field, Part, Template, once

Format = Template | JsonLines

# Sketches of formats: {} is any word, {text} what quotes hold, {#} a number, {name} the field of that name.
_SKETCHES: dict[str, Field] = {
    "": Field("ignored"),
    "text": Field("ignored", r"[^\"]*", None),
    "#": Field("ignored", r"[-+0-9]+"),
    "prefix": Field("ignored", r"(?:.*\s)?", None),
    "captures": Field("ignored", r"(?: \{[^}]*\}){0,2}", None),
    "client": Field("client", r"[^\s\[\]]+"),
    "agent": Field("agent", r"[^\"]*", None),
    "forwarded": Field("forwarded", r"[^\"]*", None),
    "request": Field("request", r"[^\"]*", None),
    "time": Field("time", r"[^\]\s]+"),
    "status": Field("status", r"[-0-9]+"),
    "duration": Field("duration", r"[-+0-9.]+"),
    "duration_2": Field("duration_2", r"[-0-9.]+"),
    "duration_3": Field("duration_3", r"[-0-9.]+"),
    "upstream_duration": Field("upstream_duration", r"[-+0-9.]+"),
    "upstream_status": Field("upstream_status", r"[-0-9]+"),
    "upstream_address": Field("upstream_address"),
    "upstream_text": Field("upstream_address", r"[^\"]*", None),
    "backend": Field("upstream_address", r"[^ /]+/[^ ]+"),
    "flags": Field("flags"),
    "retries": Field("retries", r"\+?\d+"),
}


def _sketch(text: str) -> tuple[Part, ...]:
    pieces = re.split(r"\{([a-z_0-9#]*)\}", text)
    return once(_SKETCHES[piece] if number % 2 else piece for number, piece in enumerate(pieces) if number % 2 or piece)


HAPROXY = Template(
    "HAProxy httplog",
    "haproxy",
    _sketch(
        "{prefix}{client}:{#} [{time}] {} {backend} {#}/{#}/{#}/{upstream_duration}/{duration} {status} {#} {} {} "
        '{flags} {#}/{#}/{#}/{#}/{retries} {#}/{#}{captures} "{request}"'
    ),
    time_style="haproxy",
    duration_unit="ms",
    upstream_unit="ms",
)
ENVOY = Template(
    "Envoy default",
    "envoy",
    _sketch(
        '[{time}] "{request}" {status} {flags} {} {} {duration} {upstream_duration} "{forwarded}" "{agent}" "{text}" '
        '"{text}" "{upstream_text}"'
    ),
    time_style="iso",
    duration_unit="ms",
    upstream_unit="ms",
)
ALB = Template(
    "AWS ALB",
    "alb",
    _sketch(
        "{} {time} {} {client}:{#} {upstream_address} {duration} {duration_2} {duration_3} {status} {upstream_status} "
        "{} {} "
        '"{request}" "{agent}" {} {} {} "{text}" "{text}" "{text}" {} {} "{text}" "{text}" "{text}" "{text}" "{text}" '
        '"{text}" "{text}"{text}'
    ),
    time_style="iso",
)


_TAGGED = (
    COMBINED
    + ' rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time"'
)
_MAIN = COMBINED + ' "$http_x_forwarded_for"'


def _known() -> tuple[Template, ...]:
    """Most telling first: a longer format that fits says more than a shorter one."""
    nginx = {
        "combined with rt= and upstream times": _TAGGED,
        "main with request and upstream times": _MAIN + " $request_time $upstream_response_time",
        "combined with request and upstream times": TIMED,
        "combined with request time": COMBINED + " $request_time",
        "main (combined with X-Forwarded-For)": _MAIN,
    }
    templates = [
        found for name, text in nginx.items() if isinstance(found := nginx_format(text, f"nginx {name}"), Template)
    ]
    apache = {
        "combined with %D": APACHE_COMBINED + " %D",
        "combined": APACHE_COMBINED,
        "vhost_combined": "%v:%p " + APACHE_COMBINED,
        "common": COMMON,
    }
    return (ALB, ENVOY, HAPROXY, *templates, *(apache_format(text, name) for name, text in apache.items()))


KNOWN: tuple[Template, ...] = _known()
BY_NAME: dict[str, Format] = {
    "combined": apache_format(APACHE_COMBINED, "combined"),
    "common": apache_format(COMMON, "common"),
    "nginx-timed": nginx_format(TIMED, "nginx combined with request and upstream times"),
    "haproxy": HAPROXY,
    "envoy": ENVOY,
    "envoy-json": ENVOY_JSON,
    "alb": ALB,
    "caddy": CADDY,
    "traefik": TRAEFIK,
}


class Recognised(NamedTuple):
    """The format that fits most of the sample, and how many of its lines it fits."""

    format: Format
    fits: int
    of: int


def recognise(lines: Sequence[str], first: Sequence[Format] = ()) -> Recognised | None:
    """Find the format of a log from some of its lines; None when none fits at least one in four.

    The formats in `first` are preferred to known ones that fit as many.
    """
    sample = [line for line in lines if line.strip()]
    best: Recognised | None = None
    candidates: list[Format] = [*first, *KNOWN]
    for line in sample:
        if (found := recognise_json(line)) is not None:
            candidates.insert(len(first), found)
            break
    for candidate in candidates:
        fits = sum(1 for line in sample if _fits(candidate, line))
        if fits and (best is None or fits > best.fits):
            best = Recognised(candidate, fits, len(sample))
    return best if best is not None and best.fits * 4 >= len(sample) else None


def _fits(candidate: Format, line: str) -> bool:
    if isinstance(candidate, JsonLines):
        return candidate.parse(line) is not None
    return candidate.pattern().fullmatch(line) is not None


def format_of(text: str) -> Format:
    """The format that a configuration names: a known name, an nginx `log_format` or an Apache `LogFormat` text.

    Raise ValueError when it is none of these, or does not tell how a request ended.
    """
    if text in BY_NAME:
        return BY_NAME[text]
    if "$" in text:
        return with_status(nginx_format(text))
    if "%" in text:
        return with_status(apache_format(text))
    near = get_close_matches(text, BY_NAME, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"no known log format; {hint}use one of {', '.join(sorted(BY_NAME))}, or the text of the format")


def with_status(found: Format) -> Format:
    """The same format. Raise ValueError when its lines do not tell how a request ended."""
    if "status" not in found.fields():
        raise ValueError("the format has no status, which tells failed requests; log $status (nginx) or %>s (Apache)")
    return found
