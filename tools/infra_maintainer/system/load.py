"""Read infra.toml. Every mistake is one sentence with the line, the value and what would be allowed.

ConfigError   the file is absent, not TOML, or says something that is not understood
"""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from infra_maintainer.evidence.show import show
from infra_maintainer.system.system import System

MOST_BYTES = 1024 * 1024
_NUMBERS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
_KINDS = {
    "string": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date such as 2026-11-24",
    "datetime": "a time such as 2026-11-24T14:30:00Z",
}


class ConfigError(Exception):
    """infra.toml cannot be used; the message says where and why."""


def load_system(path: Path | None) -> System:
    """The declared system; an empty one without a path. Raises ConfigError."""
    if path is None:
        return System()
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            most = show(MOST_BYTES, "By")
            raise ConfigError(
                f"{path} is larger than {most}, which no description of a system needs; name the right file"
            )
        text = content.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name an existing file with --config, or leave it out") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text (byte {error.start})") from error
    return parse_system(text, str(path))


def parse_system(text: str, name: str = "infra.toml") -> System:
    """The system that a text of infra.toml declares. Raises ConfigError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {error}") from error
    try:
        return System.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(name, text, raw, dict(each)) for each in error.errors())) from error


def mistake(path: Path, at: tuple[str | int, ...], advice: str) -> ConfigError:
    """A mistake that only an engine can see, told as those that are seen here."""
    text = path.read_text(encoding="utf-8")
    error = {"loc": at, "type": "value_error", "msg": advice}
    return ConfigError(_sentence(str(path), text, tomllib.loads(text), error))


def _sentence(name: str, text: str, raw: dict[str, Any], error: dict[str, Any]) -> str:
    path = cast("tuple[str | int, ...]", error["loc"])
    line = _line(text, path)
    where = f"{name} line {line}" if line else name
    key = ".".join(f"{part + 1}." if isinstance(part, int) else part for part in path).replace("..", ".")
    if error["type"] == "extra_forbidden":
        allowed = _allowed(path[:-1])
        near = get_close_matches(str(path[-1]), allowed, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        return f"{where}: unknown key {key!r}; {hint}allowed: {', '.join(allowed)}"
    if error["type"] == "missing":
        return f"{where}: {key} is missing, and it is needed"
    value = repr(_value(raw, path))
    return f"{where}: {key} = {value if len(value) < 80 else value[:77] + '...'}: {_advice(key, error)}"


def _advice(key: str, error: dict[str, Any]) -> str:
    """What would be allowed, in words of infra.toml."""
    kind, limits = str(error["type"]), error.get("ctx", {})
    if kind in _NUMBERS:
        word, name = _NUMBERS[kind]
        return f"give a number {word} {limits[name]:g}"
    if kind == "literal_error":
        return f"give one of {limits['expected']}"
    if kind in ("list_type", "tuple_type") and "." not in key:
        return f"write [[{key}]] above it, or a list in [ ]"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return f"write it as a table: [{key}] and a line for each key"
    said = _KINDS.get(kind.partition("_")[0])
    if said and kind.endswith(("_type", "_parsing", "_from_float")):
        return f"give {said}"
    return str(error["msg"]).removeprefix("Value error, ")


def _value(raw: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return "(not given)"
    return raw


def _allowed(path: tuple[str | int, ...]) -> list[str]:
    model: type[BaseModel] = System
    for part in path:
        if isinstance(part, int):
            continue
        inner = _models(model.model_fields[part].annotation) if part in model.model_fields else []
        if not inner:
            return []
        model = inner[0]
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in getattr(annotation, "__args__", ()) for model in _models(each)]


def _line(text: str, path: tuple[str | int, ...]) -> int | None:
    """The line of a key: the nth [[table]] header, then the key below it. None when it stands nowhere."""
    lines = text.splitlines()
    at, dotted, found = 0, "", False
    for position, part in enumerate(path):
        if isinstance(part, int):
            continue
        following = path[position + 1] if position + 1 < len(path) else None
        dotted = f"{dotted}.{part}" if dotted else part
        if isinstance(following, int):
            header = re.compile(rf"\s*\[\[\s*{re.escape(dotted)}\s*\]\]")
            hits = [number for number, line in enumerate(lines) if number >= at and header.match(line)]
            if len(hits) > following:
                at, found = hits[following], True
            continue
        wanted = re.compile(rf"\s*(\[\[?\s*{re.escape(dotted)}\s*\]|[\"']?{re.escape(part)}[\"']?\s*=)")
        hit = next((number for number in range(at, len(lines)) if wanted.match(lines[number])), None)
        if hit is not None:
            at, found = hit, True
    return at + 1 if found else None
