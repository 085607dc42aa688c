"""`@requirement("security.tls13")` links a test to the row of requirements.toml that it proves."""

import ast
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
ROWS = TESTS / "requirements" / "requirements.toml"
DEFERRED = TESTS / "requirements" / "deferred.toml"


def rows() -> dict[str, dict[str, Any]]:
    """Every promised behaviour by `area.name`."""
    areas = tomllib.loads(ROWS.read_text(encoding="utf-8"))
    return {f"{area}.{name}": row for area, entries in areas.items() for name, row in entries.items()}


def deferred() -> dict[str, str]:
    """Rows without a test yet, each with its reason."""
    return {str(key): str(why) for key, why in tomllib.loads(DEFERRED.read_text(encoding="utf-8")).items()}


def requirement(*ids: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a test as the proof of some rows. Raises KeyError for a row that does not exist."""
    known = rows()
    for each in ids:
        if each not in known:
            raise KeyError(f"{each!r} is not a row of requirements.toml")

    def mark(test: Callable[..., Any]) -> Callable[..., Any]:
        for each in ids:
            test = pytest.mark.requirement(each)(test)
        return test

    return mark


def linked() -> Iterator[tuple[str, Path]]:
    """Every row that some test file names, read from the files themselves."""
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "requirement":
                for argument in node.args:
                    if isinstance(argument, ast.Constant):
                        yield str(argument.value), path
