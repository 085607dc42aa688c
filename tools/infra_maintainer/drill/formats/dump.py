"""What a file in a backup is, and whether a PostgreSQL dump in it is whole as far as its own words tell."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal, NamedTuple

from infra_maintainer.drill.formats.copies import ListingError

Form = Literal["custom", "custom.gz", "directory", "tar", "sql", "sql.gz", "cluster-sql", "cluster-sql.gz"]
LEAST_BYTES = 1024
DATABASE_TRAILER = b"-- PostgreSQL database dump complete"
CLUSTER_TRAILER = b"-- PostgreSQL database cluster dump complete"
TAIL = 4096
ALLOWED_IN_SQL = (b"\\connect ", b"\\restrict ", b"\\unrestrict ", b"\\encoding ", b"\\.")


class Contents(NamedTuple):
    """The table of contents of an archive, as `pg_restore -l` prints it. It is no proof of the data behind it."""

    created: datetime | None
    entries: int
    database: str | None


def form_of(path: Path) -> Form | None:
    """Which kind of PostgreSQL dump `path` is by its first bytes, None when it is none. Raises OSError."""
    if path.is_dir():
        return "directory" if (path / "toc.dat").is_file() else None
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PGDMP"):
        return "custom"
    if head[:7] == b"toc.dat" and head[257:262] == b"ustar":
        return "tar"
    plain = _inflate(head) if head.startswith(b"\x1f\x8b") else head
    packed = plain is not head
    if packed and plain.startswith(b"PGDMP"):
        return "custom.gz"
    if b"-- PostgreSQL database cluster dump" in plain[:200]:
        return "cluster-sql.gz" if packed else "cluster-sql"
    if b"-- PostgreSQL database dump" in plain[:200]:
        return "sql.gz" if packed else "sql"
    return None


def find_dumps(folder: Path, limit: int = 10_000) -> list[tuple[Path, Form]]:
    """All dumps under `folder`, the first `limit` files looked at, in order of their paths."""
    found: list[tuple[Path, Form]] = []
    for path in _walk(folder, limit):
        form = form_of(path)
        if form is not None:
            found.append((path, form))
    return sorted(found)


def parse_contents(text: str) -> Contents:
    """`pg_restore -l`, run with TZ=UTC. Raises ListingError without its header."""
    entries = re.search(r"(?m)^;\s+TOC Entries: (\d+)", text)
    if entries is None:
        raise ListingError("pg_restore -l printed no table of contents")
    created = re.search(r"(?m)^; Archive created at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", text)
    database = re.search(r"(?m)^;\s+dbname: (.+)$", text)
    return Contents(
        created=datetime.fromisoformat(created.group(1)).replace(tzinfo=UTC) if created else None,
        entries=int(entries.group(1)),
        database=database.group(1) if database else None,
    )


def sql_is_whole(path: Path, form: Form) -> bool:
    """Whether a text dump ends with the line that pg_dump writes last. Exit codes of the job that made it say less."""
    trailer = CLUSTER_TRAILER if form.startswith("cluster") else DATABASE_TRAILER
    tail = b""
    try:
        for block in blocks(path, form):
            tail = (tail + block)[-TAIL:]
    except (EOFError, zlib.error):
        return False
    return trailer in tail


def unsafe_line(path: Path, form: Form) -> int | None:
    """Number of the first line outside copied data that orders psql to do something a dump never needs, else None."""
    in_data = False
    for number, line in enumerate(_lines(path, form), 1):
        if in_data:
            in_data = not line.startswith(b"\\.")
        elif line.startswith(b"COPY ") and line.rstrip().endswith(b"FROM stdin;"):
            in_data = True
        elif line.startswith(b"\\") and not line.startswith(ALLOWED_IN_SQL):
            return number
    return None


def blocks(path: Path, form: Form) -> Iterator[bytes]:
    """The text of a plain dump in blocks. Raises EOFError or zlib.error when the compressed file is cut or damaged."""
    with path.open("rb") as file:
        yield from _inflated(file) if form.endswith(".gz") else iter(lambda: file.read(1 << 20), b"")


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=31)
    while block := file.read(1 << 18):
        while block:
            yield inflater.decompress(block, 1 << 20)
            block = inflater.unconsumed_tail or inflater.unused_data
            if inflater.eof:
                inflater = zlib.decompressobj(wbits=31) if block else inflater
    if not inflater.eof:
        raise EOFError("the compressed file ends in the middle")


def _lines(path: Path, form: Form) -> Iterator[bytes]:
    rest = b""
    for block in blocks(path, form):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
        if len(rest) > 1 << 20:  # only the beginning and the end of a line are judged
            rest = rest[:4096] + rest[-64:]
    yield rest


def _inflate(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 4096)
    except zlib.error:
        return b""


def _walk(folder: Path, limit: int) -> Iterator[Path]:
    waiting, seen = [folder], 0
    while waiting and seen < limit:
        here = waiting.pop()
        for path in sorted(here.iterdir()):
            if path.is_symlink():
                continue
            if path.is_dir() and form_of(path) is None:
                waiting.append(path)
                continue
            seen += 1
            yield path
