"""The drill of plain files: count what came back and hold it against the manifest of the folder."""

from pathlib import Path

from infra_maintainer.drill.errors import StepFailed
from infra_maintainer.drill.formats.files_manifest import (
    NAME,
    FilesManifest,
    read_files_manifest,
    regular_files,
    sha256_of,
)
from infra_maintainer.drill.notes import Notes
from infra_maintainer.drill.record import Checked

SHOWN = 3


def drill_files(fetched: Path, notes: Notes) -> None:
    """Restored is level 4; only a manifest makes it validated. Raises StepFailed("nothing-restored")."""
    with notes.timed("read"):
        count = sum(1 for _ in regular_files(fetched))
    if count == 0:
        raise StepFailed("nothing-restored", "the copy holds no file")
    notes.level = 4
    notes.checked(Checked(name="files", outcome="passed", says=f"{count} files came back"))
    found = sorted(fetched.rglob(NAME), key=lambda path: len(path.parts))
    if not found:
        says = "no manifest in the copy: complete is plausible, not proven"
        notes.checked(Checked(name="manifest", outcome="not_done", says=says))
        notes.completeness = "plausible, not proven"
        return
    try:
        manifest = read_files_manifest(found[0])
    except (OSError, ValueError) as odd:
        notes.issue("manifest-unreadable", str(odd))
        return
    with notes.timed("validate"):
        _compare(found[0].parent, manifest, notes)
    notes.level = 5


def _compare(folder: Path, manifest: FilesManifest, notes: Notes) -> None:
    absent = [name for name in manifest.files if not (folder / name).is_file()]
    changed = [
        name for name, was in manifest.files.items() if (folder / name).is_file() and sha256_of(folder / name) != was
    ]
    for name, wrong, code in (("files of the manifest", absent, "files-missing"), ("content", changed, "files-differ")):
        word = "absent" if wrong is absent else "different"
        more = " and more" if len(wrong) > SHOWN else ""
        says = f"{word}: {', '.join(wrong[:SHOWN])}{more}" if wrong else f"none of {len(manifest.files)} is {word}"
        failed = bool(wrong)
        notes.checked(
            Checked(name=name, outcome="failed" if failed else "passed", says=says, code=code if failed else None)
        )
    notes.completeness = "differs" if absent or changed else "exact"
