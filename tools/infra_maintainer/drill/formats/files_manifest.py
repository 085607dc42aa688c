"""The manifest of a folder of files: written into it before the backup, compared after the restore."""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

NAME = "files-manifest.json"
LIMIT = 100_000_000


class FilesManifest(BaseModel):
    """Every regular file below the folder by its path and sha256; the manifest itself is not in it."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    taken_at: AwareDatetime
    files: dict[str, str]


def write_files_manifest(folder: Path) -> Path:
    """Write NAME into `folder`, whole or not at all. Raises OSError for a file that cannot be read."""
    files = {str(path.relative_to(folder)): sha256_of(path) for path in regular_files(folder) if path.name != NAME}
    manifest = FilesManifest(taken_at=datetime.now(UTC), files=files)
    path = folder / NAME
    partial = path.with_name(f".{NAME}.part")
    partial.write_text(manifest.model_dump_json(indent=0) + "\n", encoding="utf-8")
    os.replace(partial, path)
    return path


def read_files_manifest(path: Path) -> FilesManifest:
    """Raises OSError, and ValueError when it is too large or not such a manifest."""
    if path.stat().st_size > LIMIT:
        raise ValueError(f"{path.name} is larger than {LIMIT} bytes")
    try:
        return FilesManifest.model_validate_json(path.read_bytes())
    except ValidationError as odd:
        raise ValueError(f"{path.name} is not a manifest of files: {odd.error_count()} faults") from odd


def regular_files(folder: Path) -> Iterator[Path]:
    """Every regular file below, links not followed."""
    for here, _, names in os.walk(folder, followlinks=False):
        for name in names:
            path = Path(here, name)
            if path.is_file() and not path.is_symlink():
                yield path


def sha256_of(path: Path) -> str:
    """Of one file, in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
