"""Whole lines of log files in blocks of bounded size, with the lines set apart that no fast reader may see.

Every line is in `clean` or in the account of its block, the last one without a newline too. A file that grows is read
to the size it had when it was cut into pieces. gzip, zstd, bzip2 and xz are known by their first bytes, not by their
names.
"""

import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, cast

from infra_maintainer.logs.account import Account

BLOCK_BYTES = 16 << 20
LONGEST_LINE = 1 << 20
_LAST_BYTES = 4 << 20
_EDGE_BYTES = 64 << 10
_PART_BYTES = 4 << 20


class Piece(NamedTuple):
    """Whole lines of an open file: the bytes from `start` to `stop` of a plain one, all of a compressed one."""

    descriptor: int
    start: int = 0
    stop: int | None = None


class Block(NamedTuple):
    """Whole lines without carriage returns and nulls, and the account of those that stood between them and are not.

    Who reads them finds out whether they are UTF-8, and asks `only_text` when they are not.
    """

    clean: bytes
    account: Account


class MissingReader(Exception):
    """A compressed log needs a package that is not installed."""


def pieces(descriptor: int, block_bytes: int = BLOCK_BYTES) -> Iterator[Piece]:
    """Cut an open file where lines end, so that each piece can be read by itself; a compressed file is one piece.

    The last pieces are smaller: those who share them end at about the same time.
    """
    if _packing(descriptor) is not None:
        yield Piece(descriptor)
        return
    start, size = 0, os.fstat(descriptor).st_size
    while start < size:
        stop = limit = start
        while stop == start:  # more than once inside a line longer than a block: its piece holds all of it
            limit += min(block_bytes, max(_LAST_BYTES, (size - limit) // 4))
            stop = size if limit >= size else _line_end(descriptor, start, limit)
        yield Piece(descriptor, start, stop)
        start = stop


def _line_end(descriptor: int, start: int, limit: int) -> int:
    """Where the last line before `limit` ends; `start` when none does."""
    for width in (_EDGE_BYTES, LONGEST_LINE):
        begin = max(start, limit - width)
        found = os.pread(descriptor, limit - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
    return start


def blocks(piece: Piece, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Read one piece. Raise MissingReader when its compression cannot be read."""
    if piece.stop is None:
        os.lseek(piece.descriptor, 0, os.SEEK_SET)
        with open(piece.descriptor, "rb", buffering=0, closefd=False) as raw:
            yield from _cut(_unpacked(raw), block_bytes)
        return
    if piece.stop - piece.start > block_bytes:
        yield from _cut(_Range(piece.descriptor, piece.start, piece.stop), block_bytes)
        return
    yield _at_once(piece.descriptor, piece.start, piece.stop - piece.start)


def blocks_of(path: Path, block_bytes: int) -> Iterator[Block]:
    """All blocks of one file in order. Raise OSError when it cannot be opened, MissingReader."""
    with path.open("rb", buffering=0) as log:
        for piece in pieces(log.fileno(), block_bytes):
            yield from blocks(piece, block_bytes)


def _at_once(descriptor: int, start: int, size: int) -> Block:
    account = Account()
    lines = b""
    try:
        lines = os.pread(descriptor, size, start)
        if len(lines) < size:
            account.problems.append(_SHORTER)
    except OSError as broken:
        account.problems.append(_stopped(broken))
    end = lines.rfind(b"\n") + 1
    account.unfinished = int(end < len(lines))
    return _sorted_out(lines[:end], account)


_SHORTER = "became shorter while it was read"


def _stopped(broken: Exception) -> str:
    return f"reading stopped: {broken}"


class _Range(io.RawIOBase):
    """A part of a file, read by position: other processes read other parts through the same descriptor."""

    def __init__(self, descriptor: int, start: int, stop: int) -> None:
        self._descriptor, self._at, self._stop = descriptor, start, stop

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer
        """Fill as much of the buffer as the part still holds. Raise EOFError when the file no longer holds it."""
        count = os.preadv(self._descriptor, [buffer[: self._stop - self._at]], self._at)
        if not count and self._at < self._stop:
            raise EOFError(_SHORTER)
        self._at += count
        return count


# The first bytes of a packed file, and what unpacks it.
_PACKINGS = {
    b"\x1f\x8b": ("gzip", "open"),
    b"BZh": ("bz2", "open"),
    b"\xfd7zXZ\x00": ("lzma", "open"),
    b"\x28\xb5\x2f\xfd": ("infra_maintainer.logs.zstd", "ZstdFile"),
}
_MAGIC_BYTES = max(map(len, _PACKINGS))


def _packing(descriptor: int) -> tuple[str, str] | None:
    head = os.pread(descriptor, _MAGIC_BYTES, 0)
    return next((packing for magic, packing in _PACKINGS.items() if head.startswith(magic)), None)


def _unpacked(raw: io.FileIO) -> io.RawIOBase:
    packing = _packing(raw.fileno())
    assert packing is not None, "a plain file is read by its range"
    module, name = packing
    try:
        return cast(io.RawIOBase, getattr(import_module(module), name)(raw))
    except ImportError as absent:
        raise MissingReader("zstd logs need: pip install 'infra-maintainer[logs]'") from absent


def _cut(source: io.RawIOBase, block_bytes: int) -> Iterator[Block]:
    buffer = bytearray(block_bytes)
    view = memoryview(buffer)
    have = 0  # bytes of the unfinished last line, moved to the front
    skipping = False  # inside a line longer than any request, counted as refused when it ends
    problem: str | None = None
    while problem is None:
        filled, problem = _fill(source, view, have)
        if filled == have:
            break
        end = buffer.rfind(b"\n", 0, filled) + 1
        start = 0
        account = Account()
        if skipping and end:
            start = buffer.find(b"\n") + 1
            account.refuse("too_long", b"")
            skipping = False
        if end:
            yield _sorted_out(bytes(view[start:end]), account)
        have = filled - end
        if have > LONGEST_LINE or have == block_bytes:
            skipping, have = True, 0
        else:
            view[:have] = view[end:filled]
    account = Account()
    account.unfinished = int(have > 0 or skipping)
    account.problems = [problem] if problem else []
    if account.unfinished or problem:
        yield Block(b"", account)


_DAMAGE: tuple[type[Exception], ...] = (EOFError, OSError, lzma.LZMAError, zlib.error)


def _fill(source: io.RawIOBase, view: memoryview, have: int) -> tuple[int, str | None]:
    """Read until the buffer is full or the source ends or breaks."""
    # readinto1 gives what there is before damage, readinto would lose it; a raw file has only the latter
    step = cast(Callable[[memoryview], int | None], getattr(source, "readinto1", source.readinto))
    while have < len(view):
        try:
            count = step(view[have:])
        except _DAMAGE as broken:
            return have, _stopped(broken)
        if not count:
            break
        have += count
    return have, None


def _sorted_out(lines: bytes, account: Account) -> Block:
    return Block(lines if _is_plain(lines) else only_text(lines, account), account)


def only_text(lines: bytes, account: Account) -> bytes:
    """The lines that are UTF-8, the others refused."""
    kept = (part if _is_plain(part) and _is_utf8(part) else _without_odd_lines(part, account) for part in _parts(lines))
    return b"".join(kept)


def _parts(lines: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(lines):
        stop = lines.rfind(b"\n", start, start + _PART_BYTES) + 1
        if stop <= start:
            stop = lines.index(b"\n", start) + 1
        yield lines[start:stop]
        start = stop


def _is_plain(lines: bytes) -> bool:
    if b"\r" in lines or b"\0" in lines:
        return False
    at = 0
    while at < len(lines):  # jump from newline to newline: a longer line shows where none is found
        stop = lines.rfind(b"\n", at, at + LONGEST_LINE) + 1
        if stop <= at:
            return False
        at = stop
    return True


def _is_utf8(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError:
        return False
    return True


def _without_odd_lines(part: bytes, account: Account) -> bytes:
    kept: list[bytes] = []
    for line in part[:-1].split(b"\n"):
        line = line.removesuffix(b"\r")  # a file with Windows line ends is an ordinary log
        kind = _oddity(line)
        if kind is None:
            kept.append(line)
        else:
            account.refuse(kind, line)
    return b"\n".join(kept) + b"\n" if kept else b""


def _oddity(line: bytes) -> str | None:
    if not line:
        return "empty"
    if len(line) > LONGEST_LINE:
        return "too_long"
    if b"\0" in line or b"\r" in line:
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
