"""Reads pieces of logs of one format: their lines become hits, the hits become counts in a folder."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra_maintainer.logs.account import Account
from infra_maintainer.logs.blocks import Block, Piece, blocks, only_text
from infra_maintainer.logs.cells import JsonBlocks, NotText, Parsed, TextBlocks, nothing, with_rows
from infra_maintainer.logs.counts import Counts
from infra_maintainer.logs.json_lines import JsonLines, without_values
from infra_maintainer.logs.template import FieldName
from infra_maintainer.logs.worker import Setup

if TYPE_CHECKING:
    import polars as pl

_BATCH_HITS = 150_000


class PieceReader:
    """Reads pieces one after the other; `name` tells its counts from those of other readers."""

    def __init__(self, setup: Setup, name: str) -> None:
        self._format, self._block_bytes, self._seed = setup.format, setup.block_bytes, setup.seed
        if isinstance(setup.format, JsonLines):
            self._fast: JsonBlocks | TextBlocks = JsonBlocks(setup.format, setup.seed, setup.folder)
            self._pattern = None
        else:
            self._fast = TextBlocks(setup.format, setup.seed)
            self._pattern = setup.format.pattern()
        self._counts = Counts(setup.folder, name, setup.wanted)
        self._batch: list[pl.DataFrame] = []

    def read(self, piece: Piece) -> Iterator[Account]:
        """Count the lines of a piece, with an account for each block.

        Raise MissingReader for one whose compression needs a package.
        """
        for block in blocks(piece, self._block_bytes):
            if block.clean:
                self._take(self._parsed(block), block.account)
            if isinstance(self._format, JsonLines):
                block.account.show(without_values)
            yield block.account

    def finish(self) -> Account:
        """Count what waits for more of its kind. Call it once, after the last piece."""
        account = Account()
        self._take(self._fast.rest(), account)
        self._count()
        self._counts.finish()
        return account

    def _parsed(self, block: Block) -> Parsed:
        try:
            return self._fast.parse(block.clean)
        except NotText:  # rare, and the fast reader looks at every byte anyway
            text = only_text(block.clean, block.account)
            return self._fast.parse(text) if text else nothing()

    def _take(self, found: Parsed, account: Account) -> None:
        rows: list[dict[FieldName, str]] = []
        for line in found.others:
            fields = self._fields_of(line)
            if fields is None:
                account.refuse(_kind(line), line)
            else:
                rows.append(fields)
        hits = with_rows(self._format, self._seed, found.hits, rows)
        account.parsed += hits.height
        self._batch.append(hits)
        if sum(hits.height for hits in self._batch) >= _BATCH_HITS:
            self._count()

    def _count(self) -> None:
        self._counts.add(self._batch)

    def _fields_of(self, line: str) -> dict[FieldName, str] | None:
        """The raw fields of one line by the slow way; None when the line is refused."""
        fields: dict[FieldName, str] | None
        if isinstance(self._format, JsonLines):
            fields = self._format.parse(line)
        else:
            match = self._pattern.fullmatch(line) if self._pattern else None
            groups = match.groupdict() if match else {}
            fields = {name: groups[name] for name in self._format.fields() if groups.get(name) is not None}
        if not fields or not _is_number(fields["status"]):
            return None
        times = [fields[name] for name in ("duration", "duration_2", "duration_3") if name in fields]
        return fields if all(text in ("-", "") or _is_number(text) for text in times) else None


def _is_number(text: str) -> bool:
    digits = text.lstrip("+-").replace(".", "", 1)
    return digits.isdecimal() and digits.isascii()


def _kind(line: str) -> str:
    text = line.strip()
    if not text:
        return "empty"
    if text.startswith("{"):
        return "json_line"
    if text.count('"') % 2:
        return "unbalanced_quote"
    return "other_format"
