"""Folders of PostgreSQL dumps as a nightly job writes them."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.formats.copies import Copy, Listing, in_order
from infra_maintainer.drill.formats.dump import find_dumps
from infra_maintainer.drill.formats.manifest import NAME
from infra_maintainer.drill.repository import Repository, repository


@repository("dump")
class DumpFolder(Repository):
    """Each dump is a copy, taken when it was last written."""

    def copies(self) -> Listing:
        try:
            return list_dumps(Path(self.target.place))
        except OSError as closed:
            raise StepFailed("repo-unreadable", f"{closed.strerror}: {self.target.place}") from closed

    def size(self, copy: Copy) -> int:
        return _size(Path(self.target.place, copy.id))

    def fetch(self, copy: Copy, into: Path) -> None:
        source = Path(self.target.place, copy.id)
        before = _size(source), source.stat().st_mtime_ns
        if source.is_dir():
            shutil.copytree(source, into / source.name, symlinks=True)
        else:
            shutil.copyfile(source, into / source.name, follow_symlinks=False)
        if (_size(source), source.stat().st_mtime_ns) != before:
            raise StepFailed("backup-still-growing", f"{copy.id} changed while it was being read")
        for name in (f"{source.name}.{NAME}", NAME):
            if (source.parent / name).is_file():
                shutil.copyfile(source.parent / name, into / NAME, follow_symlinks=False)
                break


def list_dumps(folder: Path) -> Listing:
    """The dumps in `folder`, also empty files that carry a dump's name. Raises OSError."""
    os.listdir(folder)  # a missing or closed folder is an error, not an empty one
    found = {path for path, _ in find_dumps(folder)}
    found |= {path for suffix in SUFFIXES for path in folder.rglob(f"*{suffix}") if path.is_file()}
    copies = [
        Copy(
            id=str(path.relative_to(folder)),
            taken_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
            size_bytes=_size(path),
            partial=path.name.endswith((".part", ".partial", ".tmp")),
        )
        for path in found
    ]
    return Listing(
        copies=in_order(copies), encryption="none: the dumps can be read as they lie there" if found else None
    )


SUFFIXES = (".dump", ".sql", ".sql.gz", ".pgdump", ".backup", ".part", ".partial")


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(child.stat().st_size for child in path.rglob("*") if child.is_file())
    return path.stat().st_size
