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
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from infra_maintainer.logs.zstd import ZstdFile

BLOCK_BYTES = 12 << 20
LONGEST_LINE = 1 << 20
EXAMPLES = 3
EXAMPLE_BYTES = 300
_PIECE_BYTES = 4 << 20


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
    """Lines of one file. `clean` ends with a newline and is plain UTF-8; odd lines are only counted.

    `clean` is a view into one of the buffers of `blocks`, which are filled in turn, again and again.
    """

    clean: memoryview
    odd: Odd
    unfinished: int = 0
    problem: str | None = None


class MissingReader(Exception):
    """A compressed log needs a package that is not installed."""


def blocks(path: Path, block_bytes: int = BLOCK_BYTES, buffers: int = 1) -> Iterator[Block]:
    """Read one file; a block stays as it is until the one `buffers` later is asked for.

    Raise OSError when it cannot be opened, MissingReader when its compression cannot be read.
    """
    with path.open("rb", buffering=0) as raw:
        size = os.fstat(raw.fileno()).st_size
        head = raw.read(6)
        raw.seek(0)
        source = _decompressed(head, raw)
        left = size if source is raw else None
        yield from _cut(source, left, block_bytes, buffers)


def _decompressed(head: bytes, raw: BinaryIO) -> BinaryIO:
    if head.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if head.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(raw))
    if head.startswith(b"\xfd7zXZ\x00"):
        return cast(BinaryIO, lzma.LZMAFile(raw))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        try:
            return cast(BinaryIO, ZstdFile(raw))
        except ImportError as absent:
            raise MissingReader("zstd logs need: pip install 'infra-maintainer[logs]'") from absent
    return raw


def _cut(source: BinaryIO, left: int | None, block_bytes: int, buffers: int) -> Iterator[Block]:
    """The same buffers are filled again and again: a fresh one per block costs as much as reading it."""
    ring = cycle([bytearray(block_bytes) for _ in range(buffers)])
    buffer = next(ring)
    view = memoryview(buffer)
    have = 0  # bytes of the unfinished last line, moved to the front
    skipping = False  # inside a line longer than any request, counted as refused when it ends
    problem: str | None = None
    while problem is None:
        wanted = block_bytes if left is None else min(block_bytes, have + left)
        filled, problem = _fill(source, view, have, wanted)
        left = None if left is None else left - (filled - have)
        if filled == have:
            break
        end = buffer.rfind(b"\n", 0, filled) + 1
        start = 0
        odd = Odd()
        if skipping and end:
            start = buffer.find(b"\n") + 1
            odd.add("too_long", b"")
            skipping = False
        if end > start or odd.counts:
            yield _sorted_out(buffer, start, end, odd)
        have = filled - end
        if have > LONGEST_LINE or have == block_bytes:
            skipping, have = True, 0
        else:
            buffer = next(ring)
            view, last = memoryview(buffer), view
            view[:have] = last[end:filled]
    if have or skipping or problem:
        yield Block(view[:0], Odd(), int(have > 0 or skipping), problem)


_DAMAGE: tuple[type[Exception], ...] = (EOFError, OSError, lzma.LZMAError)


def _fill(source: BinaryIO, view: memoryview, have: int, wanted: int) -> tuple[int, str | None]:
    """Read until the buffer holds `wanted` bytes or the source ends or breaks."""
    # readinto1 gives what there is before damage, readinto would lose it; a raw file has only the latter
    step = cast(
        Callable[[memoryview], int | None], getattr(source, "readinto1", None) or getattr(source, "readinto", None)
    )
    while have < wanted:
        try:
            count = step(view[have:wanted])
        except _DAMAGE as broken:
            return have, f"stopped inside the compressed data: {broken}"
        if not count:
            break
        have += count
    return have, None


def _sorted_out(buffer: bytearray, start: int, end: int, odd: Odd) -> Block:
    view = memoryview(buffer)[start:end]
    if _is_clean(buffer, start, end):
        return Block(view, odd)
    kept = io.BytesIO()
    while start < end:
        stop = buffer.rfind(b"\n", start, min(start + _PIECE_BYTES, end)) + 1
        if stop <= start:
            stop = buffer.index(b"\n", start) + 1
        piece = bytes(view[start - (end - len(view)) : stop - (end - len(view))])
        start = stop
        if not _is_clean(bytearray(piece), 0, len(piece)):
            piece = _without_odd_lines(piece, odd)
        kept.write(piece)
    return Block(kept.getbuffer(), odd)


def _is_clean(buffer: bytearray, start: int, end: int) -> bool:
    if any(buffer.find(word, start, end) >= 0 for word in (b"\r", b"\0", b"\x01")):
        return False
    at = start
    while at < end:  # jump from newline to newline: a longer line shows where none is found
        stop = buffer.rfind(b"\n", at, min(at + LONGEST_LINE, end)) + 1
        if stop <= at:
            return False
        at = stop
    return buffer.isascii() or _is_utf8(buffer, start, end)


def _is_utf8(buffer: bytearray, start: int, end: int) -> bool:
    view = memoryview(buffer)
    while start < end:
        stop = buffer.rfind(b"\n", start, min(start + _PIECE_BYTES, end)) + 1
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
