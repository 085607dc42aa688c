"""zstd logs as a stream that says when it was cut short: the library's own reader just ends there."""

import io
from typing import BinaryIO

_STEP_BYTES = 16 << 10  # compressed; a step expands a thousandfold at worst


class ZstdFile(io.RawIOBase):
    """Reads frames. Raise ImportError without the zstandard package, EOFError at a cut, OSError at damage."""

    def __init__(self, raw: BinaryIO) -> None:
        import zstandard

        self._library = zstandard
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer
        """Fill as much of the buffer as the next step gives; 0 at the end of the last whole frame."""
        while not self._ready:
            packed = self._raw.read(_STEP_BYTES)
            if not packed:
                if self._begun:
                    raise EOFError("the file ends inside a zstd frame")
                return 0
            self._ready = memoryview(self._unpacked(packed))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _unpacked(self, packed: bytes) -> bytes:
        pieces: list[bytes] = []
        while packed:
            try:
                pieces.append(self._frame.decompress(packed))
            except self._library.ZstdError as damage:
                raise OSError(str(damage)) from damage
            self._begun = not self._frame.eof
            packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = self._library.ZstdDecompressor().decompressobj()
        return b"".join(pieces)
