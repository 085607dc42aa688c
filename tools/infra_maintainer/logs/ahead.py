"""The next block is read and checked while the column store still counts the one before it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from infra_maintainer.logs.blocks import Block


class Ahead:
    """Blocks one by one. After `start` the buffer of the block taken before is overwritten: copy what is needed first.

    Without `start` the next block is read when it is taken. Use it as a context manager.
    """

    def __init__(self, source: Iterator[Block]) -> None:
        self._source = source
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log-block")
        self._coming: Future[Block | None] | None = None

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.shutdown()

    def start(self) -> None:
        """Begin to read the next block; at most one is on its way."""
        if self._coming is None:
            self._coming = self._reader.submit(next, self._source, None)

    def take(self) -> Block | None:
        """The next block, None after the last. Raise what the source raises: OSError, MissingReader."""
        self.start()
        assert self._coming is not None
        block = self._coming.result()
        self._coming = None
        return block
