"""The canary: damage what was fetched, never the repository, so that a drill which still passes is found out."""

from pathlib import Path


def damage(fetched: Path) -> None:
    """Invert bytes in the middle of the largest file. Raises FileNotFoundError when nothing was fetched."""
    files = [
        path for path in fetched.rglob("*") if path.is_file() and not path.is_symlink() and "pg_wal" not in path.parts
    ]
    if not files:
        raise FileNotFoundError("nothing was fetched that could be damaged")
    largest = max(files, key=lambda path: path.stat().st_size)
    size = largest.stat().st_size
    with largest.open("r+b") as file:
        for share in (3, 5, 7):
            file.seek(size * share // 10)
            here = file.read(64)
            file.seek(size * share // 10)
            file.write(bytes(byte ^ 0xFF for byte in here))
