"""Apache httpd: the `LogFormat` language, and the logs that a configuration writes with it."""

import re

from infra_maintainer.logs.template import DurationUnit, Field, LogFile, Part, Template, once

COMMON = '%h %l %u %t "%r" %>s %b'
COMBINED = COMMON + ' "%{Referer}i" "%{User-Agent}i"'

_TOKEN = re.compile(r"%(?:[!0-9,]*)([<>]?)(?:\{([^}]*)\})?(\^?[A-Za-z%]{1})")
_TEXT = r"[^\"]*?"
_SIMPLE: dict[str, Field] = {
    "h": Field("client"),
    "a": Field("client"),
    "r": Field("request", r"[^\"]*", None),
    "m": Field("method"),
    "U": Field("target"),
    "s": Field("status", r"[0-9-]+"),
    "D": Field("duration", r"[-0-9]+"),
    "T": Field("duration", r"[-0-9]+"),
}
_UNITS: dict[str, DurationUnit] = {"s": "s", "ms": "ms", "us": "us"}
# The finer clock wins when a format logs the same time twice.
_FINENESS: dict[DurationUnit, int] = {"us": 0, "ms": 1, "s": 2, "ns": 3}


def apache_format(text: str, name: str = "Apache LogFormat") -> Template:
    """Compile the text of an Apache `LogFormat` directive (its quotes already unescaped)."""
    parts: list[Part] = []
    units: list[DurationUnit] = []
    end = 0
    for token in _TOKEN.finditer(text):
        if token.start() > end:
            parts.append(text[end : token.start()])
        end = token.end()
        argument, letter = token.group(2), token.group(3)
        if letter == "t" and argument is None:
            parts += ["[", Field("time", r"[^\]]+", 1), "]"]
        elif letter == "%":
            parts.append("%")
        else:
            field = _field(letter, argument, original=token.group(1) == "<")
            parts.append(field)
            if field.name == "duration":
                units.append(_unit(letter, argument))
    if end < len(text):
        parts.append(text[end:])
    best: DurationUnit = sorted(units, key=_FINENESS.__getitem__)[0] if units else "s"
    return Template(name, "apache", once(_only_finest(parts, units, best)), duration_unit=best)


def _only_finest(parts: list[Part], units: list[DurationUnit], best: DurationUnit) -> list[Part]:
    remaining = iter(units)
    kept: list[Part] = []
    for part in parts:
        coarse = isinstance(part, Field) and part.name == "duration" and next(remaining) != best
        kept.append(part._replace(name="ignored") if coarse and isinstance(part, Field) else part)
    return kept


def _unit(letter: str, argument: str | None) -> DurationUnit:
    return "us" if letter == "D" else _UNITS.get(argument or "s", "s")


def _field(letter: str, argument: str | None, *, original: bool) -> Field:
    if letter == "i" and argument is not None:
        header = argument.lower()
        if header == "user-agent":
            return Field("agent", _TEXT, None)
        return Field("forwarded" if header == "x-forwarded-for" else "ignored", _TEXT, None)
    if letter == "s" and original:
        return Field("ignored", r"[0-9-]+")
    if argument is not None and letter not in "aT":
        return Field("ignored", _TEXT, None)
    return _SIMPLE.get(letter, Field("ignored", r"\S*"))


_DIRECTIVE = re.compile(
    r'^\s*(LogFormat|CustomLog|TransferLog)\s+("(?:[^"\\]|\\.)*"|\S+)\s*("(?:[^"\\]|\\.)*"|\S+)?',
    re.MULTILINE | re.IGNORECASE,
)


def logs_of_configuration(text: str) -> list[LogFile]:
    """The access logs of an Apache configuration; piped logs and logs without a known format are left out."""
    formats = {"common": COMMON, "combined": COMBINED}
    logs: list[tuple[str, str]] = []
    default = COMMON
    for directive, first, second in _DIRECTIVE.findall(text):
        first_word, second_word = _unquote(first), _unquote(second)
        if directive.lower() == "logformat":
            if second_word:
                formats[second_word] = first_word
            else:
                default = first_word
        elif not first_word.startswith("|"):
            logs.append((first_word, second_word if directive.lower() == "customlog" else ""))
    found: list[LogFile] = []
    for path, chosen in logs:
        format_text = formats.get(chosen, chosen if "%" in chosen else default if not chosen else "")
        if format_text:
            found.append(LogFile(path, chosen if chosen in formats else "own format", format_text))
    return found


def _unquote(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word
