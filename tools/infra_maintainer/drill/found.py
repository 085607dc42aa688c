"""What a fetched copy holds: dumps with their manifests, or plain files."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.drill.formats.dump import Form, find_dumps, form_of
from infra_maintainer.drill.formats.manifest import NAME, Manifest, read_manifest

DUMP_NAME = re.compile(r"\.(dump|sql|pgdump|backup)(\.\w{2,4})?$")


class FoundDump(NamedTuple):
    """One dump. `form` is None for a file that has the name of a dump and not its content."""

    path: Path
    form: Form | None
    manifest: Manifest | None
    manifest_fault: str | None


def dumps_in(folder: Path, database: str | None) -> list[FoundDump]:
    """The dumps in a fetched copy; only those of `database` where names or manifests tell. Raises OSError."""
    by_form = dict[Path, Form | None](find_dumps(folder))
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and DUMP_NAME.search(path.name) and path not in by_form:
            if not any(parent in by_form for parent in path.parents):
                by_form[path] = form_of(path)
    found = [_with_manifest(path, form) for path, form in sorted(by_form.items())]
    if database is None or len(found) <= 1:
        return found
    named = [dump for dump in found if _is_of(dump, database)]
    return named or found


def sha256_of(path: Path) -> str:
    """Of a file, or for a folder of its files in order of their names."""
    digest = hashlib.sha256()
    files = sorted(child for child in path.rglob("*") if child.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder; links are not followed."""
    if not path.is_dir():
        return path.lstat().st_size
    return sum(child.lstat().st_size for child in path.rglob("*") if not child.is_dir())


def _with_manifest(path: Path, form: Form | None) -> FoundDump:
    for beside in (path.parent / f"{path.name}.{NAME}", path.parent / NAME):
        if not beside.is_file() or beside.is_symlink():
            continue
        try:
            manifest = read_manifest(beside)
        except (OSError, ValueError) as odd:
            return FoundDump(path, form, None, str(odd))
        if manifest.dump == path.name:
            return FoundDump(path, form, manifest, None)
    return FoundDump(path, form, None, None)


def _is_of(dump: FoundDump, database: str) -> bool:
    if dump.manifest is not None:
        return dump.manifest.database == database
    return dump.path.name.split(".")[0] == database or database in dump.path.name.split(".")[0].split("-")
