"""The documentation says what the code does: generated pages are up to date, named paths exist."""

import importlib.util
import re
from pathlib import Path
from textwrap import dedent

import pytest

from infra_maintainer.system.load import parse_system

ROOT = Path(__file__).parent.parent


def examples() -> dict[str, str]:
    """Every TOML example of the documentation by its page and line."""
    found: dict[str, str] = {}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(r"^ *```toml\n(.*?)^ *```$", text, re.M | re.S):
            line = text.count("\n", 0, block.start()) + 1
            found[f"{page.relative_to(ROOT)}:{line}"] = dedent(block[1])
    return found


def test_examples_are_found() -> None:
    """A pattern that finds none would let every example pass."""
    assert {name.partition(":")[0] for name in examples()} >= {"docs/capacity.md", "docs/health.md", "docs/costs.md"}
    fences = sum(
        page.read_text(encoding="utf-8").count("```toml")
        for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    )
    assert len(examples()) == fences


@pytest.mark.parametrize("name", examples())
def test_an_example_is_accepted_as_it_stands(name: str) -> None:
    """Copied whole into an infra.toml, as a reader does: the real parser takes it."""
    assert parse_system(examples()[name]) != parse_system("")


def test_generated_pages_are_up_to_date() -> None:
    """A table that drifts from the code is a lie with borders."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec and spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    stale = [path.name for path, text in generate.pages().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"run: python docs/generate.py ({stale})"


def test_layout_names_every_room_and_nothing_else() -> None:
    """A room that the map leaves out, or a room that is gone, misleads the next reader."""
    text = (ROOT / "docs" / "layout.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+/infra_maintainer/\w+)/`", text, re.M))
    rooms = {p.parent.relative_to(ROOT).as_posix() for p in ROOT.glob("*/infra_maintainer/*/__init__.py")}
    assert named == rooms


def test_every_line_of_the_package_list_is_one_package_name() -> None:
    """A list that the installer reads as three words fails on a new machine only."""
    lines = (ROOT / ".ci" / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines))
    assert not [line for line in lines if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", line)]
