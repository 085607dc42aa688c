"""The wheel holds every file of every root folder, under infra_maintainer/ and nowhere else."""

import tomllib
import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from tests.requirements_link import requirement

ROOT = Path(__file__).parent.parent
ROOTS = ("server", "tools", "prompts", "agents", "evals")


@requirement("card.layout")
def test_wheel_holds_every_file_of_every_root_folder(tmp_path: Path) -> None:
    """A root folder that a build setting forgot would ship a product with a room missing."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    ours = {
        path.relative_to(ROOT / root).as_posix()
        for root in ROOTS
        for path in (ROOT / root).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped == ours
    assert {name.split("/")[0] for name in shipped} == {"infra_maintainer"}


def test_no_root_folder_is_itself_a_package() -> None:
    """An __init__.py there would hide the other roots of the namespace."""
    assert not [root for root in ROOTS if (ROOT / root / "__init__.py").exists()]
    assert not [root for root in ROOTS if (ROOT / root / "infra_maintainer" / "__init__.py").exists()]


@requirement("card.packages")
def test_built_on_the_named_packages_with_an_upper_bound() -> None:
    """An unpinned SDK is how servers stop starting one morning."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {line.split(">")[0]: line for line in project["dependencies"]}
    assert {"mcp", "anthropic", "psutil", "httpx2", "pydantic", "sqlite-utils"} <= set(bounds)
    assert all("<" in line for line in bounds.values())
