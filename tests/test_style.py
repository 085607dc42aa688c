"""One command checks everything: lint, layout of lines, and two type checkers in strict mode."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHECKS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CHECKS)
def test_the_whole_tree_satisfies(name: str) -> None:
    """A tree that a checker complains about trains people to ignore it."""
    program, *arguments = CHECKS[name]
    beside_python = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    found = shutil.which(program, path=beside_python)
    assert found, f"{program} is not installed: pip install -e '.[test]'"
    done = subprocess.run([found, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_no_registry_host_no_lock_file_and_no_machine_path_is_in_the_tree() -> None:
    """What ties a commit to one registry or one machine breaks it elsewhere."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert not [name for name in listed if Path(name).name in ("uv.lock", "pylock.toml", "poetry.lock")]
    hosts = ["py" + "pi.org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com"]
    for name in listed:
        path = ROOT / name
        if name and path.is_file() and path.stat().st_size < 1_000_000:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [host for host in hosts if host in text], name
