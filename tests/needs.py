"""Tests that need a real program: skipped with the install line where it is absent, an error in CI."""

import os
import shutil

import pytest

PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"))


def needs(program: str, package: str | None = None) -> str:
    """The path of a program. Skips the test without it; under CI=true its absence fails."""
    found = shutil.which(program, path=PATH)
    if found:
        return found
    said = f"needs {program}: apt-get install {package or program}"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)
