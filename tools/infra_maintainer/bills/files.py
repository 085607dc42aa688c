"""The files of a bill: found under a path, bounded, local, of a kind that can be read."""

import csv
import glob
import gzip
import zlib
from pathlib import Path
from typing import NamedTuple

from infra_maintainer.bills.failure import BillError

MOST_FILES = 10_000
MOST_HEADER = 1 << 16  # characters
KINDS = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet"}


class BillFiles(NamedTuple):
    """What was found: the readable files of each kind, their size in bytes."""

    csv: tuple[str, ...]
    parquet: tuple[str, ...]
    size: int

    @property
    def total(self) -> int:
        """Files of both kinds."""
        return len(self.csv) + len(self.parquet)


def find_files(path: str) -> BillFiles:
    """The CSV, CSV.gz and Parquet files at a file, under a folder, or matching a pattern with `*`.

    Raises BillError for a remote address, a path that does not exist or may not be read, and for no file of a known
    kind.
    """
    if "://" in path:
        raise BillError(
            "not_supported", f"{path!r} is a remote address; bills are read from local files", "copy the export here"
        )
    found: dict[str, list[str]] = {"csv": [], "parquet": []}
    size = 0
    for file in _candidates(path):
        kind = next((kind for ending, kind in KINDS.items() if file.name.lower().endswith(ending)), None)
        if kind is None or not file.is_file():
            continue
        try:
            with file.open("rb"):
                size += file.stat().st_size
        except PermissionError as error:
            raise BillError("denied", f"{file} may not be read", f"give this user read access to {file}") from error
        found[kind].append(str(file.resolve()))
    bill = BillFiles(tuple(found["csv"]), tuple(found["parquet"]), size)
    if not bill.total:
        raise BillError("no_data", f"no .csv, .csv.gz or .parquet file at {path!r}", "point the bill at a FOCUS export")
    if bill.total > MOST_FILES:
        raise BillError("not_supported", f"{bill.total} files at {path!r}", f"narrow it to {MOST_FILES} files or fewer")
    return bill


def csv_header(file: str) -> list[str]:
    """The column names of a CSV's first line, a repeated name numbered; empty when there is no readable one."""
    opened = (
        gzip.open(file, "rt", encoding="utf-8-sig", errors="replace", newline="")
        if file.lower().endswith(".gz")
        else open(file, encoding="utf-8-sig", errors="replace", newline="")
    )
    try:
        with opened as lines:
            names = next(csv.reader([lines.readline(MOST_HEADER)]), [])
    except (OSError, EOFError, zlib.error, csv.Error):
        return []
    seen: dict[str, int] = {}
    header: list[str] = []
    for name in names:
        number = seen[name] = seen.get(name, 0) + 1
        header.append(name if number == 1 else f"{name}_{number}")
    return header


def _candidates(path: str) -> list[Path]:
    if any(mark in path for mark in "*?["):
        return sorted(Path(each) for each in glob.glob(path, recursive=True))
    start = Path(path).expanduser()
    try:
        if not start.exists():
            raise BillError("no_data", f"{path!r} does not exist", "correct the path of the bill")
        return sorted(start.rglob("*")) if start.is_dir() else [start]
    except PermissionError as error:
        raise BillError("denied", f"{path!r} may not be read", f"give this user read access to {path!r}") from error
