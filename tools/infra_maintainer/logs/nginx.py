"""nginx: the `log_format` language, and which log is written in which format, from the server's own configuration."""

import re

from infra_maintainer.logs.json_lines import NGINX_TIME_STYLES, JsonLines
from infra_maintainer.logs.template import Field, FieldName, LogFile, Part, Template, TimeStyle, once

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
TIMED = COMBINED + " $request_time $upstream_response_time"

# nginx writes one entry per upstream tried, ", " between servers and " : " between internal redirects.
_LIST = r"[-0-9.]+(?:(?:,| :) [-0-9.]+)*"
_ADDRESSES = r'[^ ,"]+(?:(?:,| :) [^ ,"]+)*'
_FREE_TEXT = Field("ignored", r"[^\"]*?", None)

_VARIABLES: dict[str, Field] = {
    "remote_addr": Field("client"),
    "http_x_forwarded_for": Field("forwarded", r"[^\"]*?", None),
    "time_local": Field("time", r"[^\]\"]+?", 1),
    "time_iso8601": Field("time"),
    "msec": Field("time", r"[0-9.]+"),
    "request": Field("request", r"[^\"]*", None),
    "request_method": Field("method"),
    "request_uri": Field("target"),
    "uri": Field("target"),
    "status": Field("status", r"[0-9]+"),
    "request_time": Field("duration", r"(?:-|[0-9]+\.[0-9]{3})"),
    "upstream_response_time": Field("upstream_duration", _LIST, None, lists=True),
    "upstream_status": Field("upstream_status", _LIST, None, lists=True),
    "upstream_addr": Field("upstream_address", _ADDRESSES, None, lists=True),
    "http_user_agent": Field("agent", r"[^\"]*?", None),
    "upstream_connect_time": Field("ignored", _LIST, None, lists=True),
    "upstream_header_time": Field("ignored", _LIST, None, lists=True),
}
_TOKEN = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_JSON_MEMBER = re.compile(r'"([^"]+)"\s*:\s*"?\$\{?(\w+)\}?"?')
_TIMES: dict[str, TimeStyle] = {"time_local": "clf", "time_iso8601": "iso", "msec": "epoch"}


def nginx_format(text: str, name: str = "nginx log_format") -> Template | JsonLines:
    """Compile the text of an nginx `log_format`; one that writes JSON objects becomes a JSON format."""
    if text.lstrip().startswith("{"):
        return _json_format(text, name)
    parts: list[Part] = []
    end = 0
    style: TimeStyle | None = None
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            parts.append(text[end : token.start()])
        variable = token.group(1) or token.group(2)
        style = style or _TIMES.get(variable)
        parts.append(_VARIABLES.get(variable, _other(variable)))
        end = token.end()
    if end < len(text):
        parts.append(text[end:])
    return Template(name, "nginx", once(parts), time_style=style or "clf")


def _other(variable: str) -> Field:
    carries_text = variable.startswith(
        ("http_", "sent_http_", "cookie_", "arg", "query", "upstream_http_", "ssl_client")
    )
    return _FREE_TEXT if carries_text else Field("ignored", r"\S*")


def _json_format(text: str, name: str) -> JsonLines:
    paths: dict[FieldName, str] = {}
    style: TimeStyle = "iso"
    for key, variable in _JSON_MEMBER.findall(text):
        field = _VARIABLES.get(variable)
        if field is None or field.name == "ignored" or field.name in paths:
            continue
        paths[field.name] = f'$."{key}"'
        style = NGINX_TIME_STYLES.get(variable, style)
    return JsonLines.of(name, "nginx", paths, time_style=style)


def logs_of_configuration(text: str) -> list[LogFile]:
    """The access logs in a configuration as `nginx -T` prints it; `off`, syslog and variable paths are left out."""
    statements = list(_statements(text))
    formats = {"combined": COMBINED}
    for words in statements:
        if words[0] == "log_format" and len(words) > 2:
            pieces = [word for word in words[2:] if not word.startswith("escape=")]
            formats[words[1]] = "".join(pieces)
    found: dict[str, LogFile] = {}
    for words in statements:
        if (
            words[0] != "access_log"
            or len(words) < 2
            or words[1] == "off"
            or words[1].startswith("syslog:")
            or "$" in words[1]
        ):
            continue
        options = [word for word in words[2:] if "=" not in word]
        format_name = options[0] if options else "combined"
        if format_name in formats:
            found.setdefault(words[1], LogFile(words[1], format_name, formats[format_name]))
    return list(found.values())


_WORD = re.compile(r"""\s+|\#[^\n]*|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([;{}])|([^\s;{}'"]+)""", re.DOTALL)


def _statements(text: str) -> list[list[str]]:
    """Statements as lists of unquoted words; blocks are flattened since log_format and access_log nest anywhere."""
    found: list[list[str]] = []
    words: list[str] = []
    for match in _WORD.finditer(text):
        single, double, mark, bare = match.groups()
        if mark:
            if words:
                found.append(words)
            words = []
        elif single is not None or double is not None:
            words.append(re.sub(r"\\(['\"\\])", r"\1", single if single is not None else double))
        elif bare is not None:
            words.append(bare)
    return found
