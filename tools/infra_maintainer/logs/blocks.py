"""Whole lines of log files in blocks of bounded size, with the lines set apart that no fast reader may see.

Every line is accounted for: it is in `clean`, in `odd`, or is the `unfinished` end of a file. A file that grows is read
to the size it had when it was opened. gzip, zstd, bzip2 and xz are known by their first bytes, not by their names.
"""

import bz2
import gzip
import io
import lzma
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

BLOCK_BYTES = 32 << 20
LONGEST_LINE = 1 << 20
EXAMPLES = 3
EXAMPLE_BYTES = 300
_PIECE_BYTES = 4 << 20


def _damage() -> tuple[type[Exception], ...]:
    """What the decompressors raise inside damaged data."""
    try:
        import zstandard
    except ImportError:
        return (EOFError, OSError, lzma.LZMAError)
    return (EOFError, OSError, lzma.LZMAError, zstandard.ZstdError)


class Odd:
    """Lines refused before any parsing: how many of each kind, with a few examples."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[bytes]] = {}

    def add(self, kind: str, line: bytes) -> None:
        """Count one line; keep it when it is among the first of its kind."""
        self.counts[kind] += 1
        kept = self.examples.setdefault(kind, [])
        if len(kept) < EXAMPLES:
            kept.append(line[:EXAMPLE_BYTES])


class Block(NamedTuple):
    """Lines of one file. `clean` ends with a newline and is plain UTF-8; odd lines are only counted."""

    clean: bytes
    clean_lines: int
    odd: Odd
    unfinished: int = 0
    problem: str | None = None


class MissingReader(Exception):
    """A compressed log needs a package that is not installed."""


def blocks(path: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Read one file. Raise OSError when it cannot be opened, MissingReader when its compression cannot be read."""
    with path.open("rb", buffering=0) as raw:
        size = os.fstat(raw.fileno()).st_size
        head = raw.read(6)
        raw.seek(0)
        source = _decompressed(head, raw)
        left = size if source is raw else None
        yield from _cut(source, left, block_bytes)


def _decompressed(head: bytes, raw: BinaryIO) -> BinaryIO:
    if head.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if head.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(raw))
    if head.startswith(b"\xfd7zXZ\x00"):
        return cast(BinaryIO, lzma.LZMAFile(raw))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            import zstandard
        except ImportError as absent:
            raise MissingReader("zstd logs need: pip install 'infra-maintainer[logs]'") from absent
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))
    return raw


def _cut(source: BinaryIO, left: int | None, block_bytes: int) -> Iterator[Block]:
    rest = b""
    skipping = False  # inside a line longer than any request, already counted as refused when it ends
    problem: str | None = None
    damage = _damage()
    while True:
        wanted = block_bytes - len(rest) if left is None else min(block_bytes - len(rest), left)
        try:
            data = _read(source, wanted, damage)
        except damage as broken:
            data, problem = b"", f"stopped inside the compressed data: {broken}"
        if left is not None:
            left -= len(data)
        if not data:
            break
        text = rest + data if rest else data
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        text = text if end == len(text) else text[:end]
        odd = Odd()
        if skipping and end:
            first = text.index(b"\n") + 1
            odd.add("too_long", b"")
            text, skipping = text[first:], False
        if len(rest) > LONGEST_LINE:
            rest, skipping = b"", True
        yield _sorted_out(text, odd)
    if rest or skipping or problem:
        yield Block(b"", 0, Odd(), int(bool(rest) or skipping), problem)


def _read(source: BinaryIO, wanted: int, damage: tuple[type[Exception], ...]) -> bytes:
    """Read until `wanted` bytes are there or the source ends; what precedes damage is returned before it is raised."""
    pieces: list[bytes] = []
    have = 0
    while have < wanted:
        try:
            piece = source.read(min(wanted - have, 8 << 20))
        except damage:
            if not pieces:
                raise
            break
        if not piece:
            break
        pieces.append(piece)
        have += len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _sorted_out(text: bytes, odd: Odd) -> Block:
    if _is_clean(text):
        return Block(text, text.count(b"\n"), odd)
    kept = io.BytesIO()
    count = 0
    start = 0
    while start < len(text):
        stop = text.rfind(b"\n", start, start + _PIECE_BYTES) + 1
        if stop <= start:
            stop = text.index(b"\n", start) + 1
        piece = text[start:stop]
        start = stop
        if not _is_clean(piece):
            piece = _without_odd_lines(piece, odd)
        kept.write(piece)
        count += piece.count(b"\n")
    return Block(kept.getvalue(), count, odd)


def _is_clean(text: bytes) -> bool:
    if b"\r" in text or b"\0" in text or b"\x01" in text or b"\n\n" in text or text.startswith(b"\n"):
        return False
    start = 0
    while start < len(text):  # jump from newline to newline: a longer line shows where none is found
        stop = text.rfind(b"\n", start, start + LONGEST_LINE) + 1
        if stop <= start:
            return False
        start = stop
    return text.isascii() or _is_utf8(text)


def _is_utf8(text: bytes) -> bool:
    view = memoryview(text)
    start = 0
    while start < len(text):
        stop = text.rfind(b"\n", start, start + _PIECE_BYTES) + 1
        try:
            str(view[start:stop], "utf-8")
        except UnicodeDecodeError:
            return False
        start = stop
    return True


def _without_odd_lines(piece: bytes, odd: Odd) -> bytes:
    kept: list[bytes] = []
    for line in piece[:-1].split(b"\n"):
        line = line.removesuffix(b"\r")  # a file with Windows line ends is an ordinary log
        kind = _oddity(line)
        if kind is None:
            kept.append(line)
        else:
            odd.add(kind, line)
    return b"\n".join(kept) + b"\n" if kept else b""


def _oddity(line: bytes) -> str | None:
    if not line:
        return "empty"
    if len(line) > LONGEST_LINE:
        return "too_long"
    if b"\0" in line or b"\r" in line or b"\x01" in line:
        return "binary"
    if line.isascii():
        return None
    try:
        line.decode()
    except UnicodeDecodeError:
        return "binary"
    return None


def distinct_files(paths: Sequence[Path]) -> list[Path]:
    """The same paths without second names of one file, so that a link beside a log does not double its requests."""
    seen: set[tuple[int, int]] = set()
    kept: list[Path] = []
    for path in paths:
        found = path.stat()
        if (found.st_dev, found.st_ino) not in seen:
            seen.add((found.st_dev, found.st_ino))
            kept.append(path)
    return kept
