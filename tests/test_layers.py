"""Data flows one way: world, sources, evidence, assess, report, answer, tools, then the faces."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_READ = {"evidence", "system", "world"}
_ENGINES = {
    "bills",
    "drill",
    "estate",
    "cloud",
    "forecast",
    "history",
    "load",
    "logs",
    "page",
    "prometheus",
    "databases",
    "reliability",
    "secrets",
    "tls",
    "topology",
}
_CORE = {*_READ, "sources", "assess", "report", "answer"}
MAY_IMPORT: dict[str, set[str]] = {
    "evidence": set(),
    "watch": {"evidence"},
    "system": {"evidence"},
    "world": {"evidence"},
    **{engine: {*_READ} for engine in _ENGINES},
    "sources": {*_READ, *_ENGINES},
    "assess": {"evidence", "system", *_ENGINES},
    "report": {"evidence", "assess"},
    "answer": {"evidence", "assess", "report"},
    "tools": {*_CORE, *_ENGINES},
    "prompts": set(),
    "server": {*_CORE, "tools", "prompts"},
    "agents": {*_CORE, "tools", "prompts", "server"},
    "evals": {*_CORE, *_ENGINES, "tools", "prompts", "server", "agents"},
    "cli": {*_CORE, *_ENGINES, "tools", "prompts", "server", "agents", "evals"},
}


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def packages() -> set[str]:
    """The packages under every source root."""
    return {p.parent.name for p in ROOT.glob("*/infra_maintainer/*/__init__.py")}


@pytest.mark.parametrize("layer", sorted(packages()))
def test_layer_imports_only_the_layers_below_it(layer: str) -> None:
    """An import that points up or sideways is named with its file."""
    (folder,) = ROOT.glob(f"*/infra_maintainer/{layer}")
    for path in folder.rglob("*.py"):
        for module in imports(path):
            if module.startswith("infra_maintainer."):
                allowed = MAY_IMPORT[layer] | {layer}
                assert module.split(".")[1] in allowed, f"{path.relative_to(ROOT)} imports {module}"


def test_every_package_has_a_place_in_the_layers() -> None:
    """A new room must say what it may import."""
    assert packages() <= set(MAY_IMPORT)


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    """A file that long does more than one job (tests may have six hundred)."""
    for path in (
        p
        for root in ("server", "tools", "prompts", "agents", "evals", "tests", "bench")
        for p in (ROOT / root).rglob("*.py")
    ):
        limit = 600 if "tests" in path.parts else 400
        assert len(path.read_text(encoding="utf-8").splitlines()) <= limit, path.relative_to(ROOT)
