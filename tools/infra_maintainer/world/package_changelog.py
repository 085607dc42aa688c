"""Debian changelogs: of the installed, from disk; of the offered, by downloading the package to a scratch place."""

import gzip
import re
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import IO

from infra_maintainer.world.commands import ENVIRONMENT
from infra_maintainer.world.failure import WorldError
from infra_maintainer.world.process import run_bounded

_HEAD_BYTES = 400_000
_MAX_PACKAGE_BYTES = 40 << 20
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.\-]+(?::[a-z0-9]+)?=[0-9][A-Za-z0-9.+~:\-]*")
_NAMES = ("changelog.Debian.gz", "changelog.gz")


def installed_changelog(package: str) -> str:
    """Return the newest entries of an installed package's changelog. Raise OSError when the image was made without."""
    for name in _NAMES:
        path = Path("/usr/share/doc") / package / name
        if re.fullmatch(r"[a-z0-9][a-z0-9+.\-]+", package) and path.exists():
            with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
                return file.read(20_000)
    raise FileNotFoundError(2, "no changelog: documentation was left out of this image", f"/usr/share/doc/{package}")


def offered_changelog(package_and_version: str) -> str:
    """Download one package (`name=version`), read its changelog, remove the download.

    Nothing is installed; apt checks the archive's signature as always. Raise WorldError when the package is too large,
    the archive does not answer, or it carries no changelog.
    """
    if not _PACKAGE.fullmatch(package_and_version):
        raise ValueError(f"{package_and_version!r} is not name=version")
    with tempfile.TemporaryDirectory(prefix="infra-maintainer-changelog-") as scratch:
        _download(package_and_version, scratch)
        archives = list(Path(scratch).glob("*.deb"))
        if not archives:
            raise WorldError("unreachable", f"apt could not download {package_and_version}", "run apt-get update first")
        return _from_archive(archives[0], package_and_version)


def _download(package: str, scratch: str) -> None:
    argv = ["apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root"]
    argv += ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=10", "download", package]
    size = run_bounded(
        ["apt-cache", "show", "--no-all-versions", package], timeout_s=10, limit_bytes=1 << 20, environment=ENVIRONMENT
    )
    stated = re.search(r"^Size: (\d+)$", size.stdout, re.MULTILINE)
    if stated and int(stated[1]) > _MAX_PACKAGE_BYTES:
        raise WorldError(
            "not_supported", f"{package} is larger than {_MAX_PACKAGE_BYTES >> 20} MiB", "read its changelog by hand"
        )
    run_bounded(argv, timeout_s=60, limit_bytes=1 << 20, environment=ENVIRONMENT, folder=scratch)


def _from_archive(path: Path, package: str) -> str:
    argv = ["dpkg-deb", "--fsys-tarfile", str(path)]
    found: dict[str, str] = {}
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    ) as child:
        # Read as a stream: the unpacked package may be ten times the download, its changelog is a few kilobytes.
        with tarfile.open(fileobj=child.stdout, mode="r|") as archive:
            for member in archive:
                name = member.name.rsplit("/", 1)[-1]
                if member.isfile() and member.name.startswith("./usr/share/doc/") and name in _NAMES:
                    found[name] = _unpacked(archive.extractfile(member))
        child.kill()
    # changelog.Debian.gz before changelog.gz: where both exist the second is the upstream author's.
    text = next((found[name] for name in _NAMES if found.get(name)), None)
    if text is None:
        raise WorldError("no_data", f"{package} carries no changelog of its own", "read the changelog of its source")
    return text


def _unpacked(file: IO[bytes] | None) -> str:
    if file is None:
        return ""
    try:
        return zlib.decompressobj(wbits=31).decompress(file.read(4 << 20), _HEAD_BYTES).decode("utf-8", "replace")
    except zlib.error:
        return ""
