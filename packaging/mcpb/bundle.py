"""Lay out the folder that `mcpb pack` packs: the manifest, pyproject.toml and the sources, without anything built.

python packaging/mcpb/bundle.py FOLDER && mcpb pack FOLDER infra-maintainer.mcpb
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ("server", "tools", "prompts", "agents", "evals")
BESIDE = ("pyproject.toml", "README.md", "LICENSE")
ICON = "agents/infra_maintainer/agents/places/claude_code/.claude-plugin/icon.png"


def lay_out(folder: Path) -> None:
    """Fill an empty or new folder. Raises FileExistsError if something is in it."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for name in BESIDE:
        shutil.copy2(ROOT / name, folder / name)
    shutil.copy2(Path(__file__).parent / "manifest.json", folder / "manifest.json")
    shutil.copy2(ROOT / ICON, folder / "icon.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    lay_out(Path(sys.argv[1]))
