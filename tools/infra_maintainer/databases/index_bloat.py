"""How much smaller a B-tree index would be if it were built anew: a range, from the planner's statistics.

The method is the known one of ioguix's pgsql-bloat-estimation (rows x width of an entry, against the pages there are),
with what PostgreSQL 13 added to it: entries of equal key share one, so the number of distinct keys counts. Statistics
know that number from a sample only, and of several columns together not at all. So the answer has two ends.
"""

from math import ceil, floor
from typing import Any, Literal, NamedTuple

from infra_maintainer.evidence.model import Why

PAGE_HEADER, PAGE_END, ITEM_POINTER, ENTRY_HEADER, NULL_BITMAP, ROW_POINTER = 24, 16, 4, 8, 8, 6
INNER_FILL = 0.7
SHARED_ENTRY = 0.1  # of a page: the longest entry that a build makes for rows of one key
# Long keys leave gaps, fill the levels above, and from 500 bytes or so are compressed. With some of 1,000 to 2,000
# bytes among short ones a fresh index came out as 40 % empty; with keys up to 400 bytes as 6 % at most.
LONG_KEY, LONG_OTHER = 400, 40
STRAY = 1.25  # a mean width this much above that of the values that statistics keep: there are long ones among them
OUTSIDE = 0.02  # of an entry: what a table keeps outside, for each row, that might belong to an indexed column
STALE = 0.2
_ALIGN = {"c": 1, "s": 2, "i": 4, "d": 8}

Unestimated = Literal["hidden", "unanalysed", "stale", "partial", "wide"]


class _Gap(NamedTuple):
    why: Why
    detail: str
    how: str


_MEASURE = "measure one of them: pgstatindex of the extension pgstattuple, which reads the whole index"
NOT_ESTIMATED: dict[Unestimated, _Gap] = {
    "hidden": _Gap(
        "denied",
        "pg_stats does not show this role their columns",
        "GRANT SELECT on these columns (under an expression: pg_read_all_data) TO the role, which then may read them;"
        f" or {_MEASURE}",
    ),
    "unanalysed": _Gap(
        "no_data",
        "their columns have no statistics, or no ANALYZE and no count of changes since it is recorded",
        "ANALYZE their tables, with track_counts on",
    ),
    "stale": _Gap("no_data", "over a fifth of the rows changed after the last ANALYZE", "ANALYZE their tables"),
    "partial": _Gap("not_supported", "statistics are of all rows of a table, a partial index has some", _MEASURE),
    "wide": _Gap("not_supported", "keys this long may be compressed, and names are cut: widths are not told", _MEASURE),
}


class Column(NamedTuple):
    """One column of an index as statistics describe it; a width of None is not shown or not there."""

    length: int
    alignment: str
    storage: str
    readable: bool
    width: float | None
    null_share: float | None
    distinct: float | None
    common_share: float
    common: int
    typical: float | None
    longest: int | None


class Index(NamedTuple):
    """One B-tree index, as the question `indexes_width` tells it."""

    name: str
    size: int
    rows: float
    changed: int | None
    fill_percent: int
    page: int
    partial: bool
    unique: bool
    shares: bool
    toast: int
    columns: list[Column]

    @classmethod
    def of(cls, row: list[Any]) -> "Index":
        """The index of one row of the answer."""
        return cls._make([*row[:-1], [Column._make(each) for each in row[-1]]])


class Bloat(NamedTuple):
    """Per cent of the index that a build anew would not need: at least, at most. Whole ones: it is no more exact."""

    least: int
    most: int


class _Kind(NamedTuple):
    """Rows whose entries look alike: all columns given, or some of them null."""

    rows: float
    entry: float
    keys: float


def estimated_index_bloat(index: Index) -> Bloat | Unestimated:
    """The two ends of the estimate, or why there is none."""
    if reason := _unfit(index):
        return reason
    shares = [each.null_share or 0.0 for each in index.columns]
    corners = {max(shares), min(1.0, sum(shares))}  # nulls of several columns stand in the same rows, or in different
    least = min(_needed(index, _kinds(index, nulls, fewest=True)) for nulls in corners)
    most = max(_needed(index, _kinds(index, nulls, fewest=False)) for nulls in corners)
    low = 0 if _outside(index) else max(0, floor((1 - most / index.size) * 100))
    return Bloat(low, max(0, ceil((1 - least / index.size) * 100)))


def _unfit(index: Index) -> Unestimated | None:
    if not all(each.readable for each in index.columns):
        return "hidden"
    if index.changed is None or index.rows < 0 or any(each.width is None for each in index.columns):
        return "unanalysed"
    if index.changed > STALE * max(index.rows, 1):
        return "stale"
    if index.partial:
        return "partial"
    if any(_stray(each) for each in index.columns) or sum(_longest(each) for each in index.columns) > LONG_KEY:
        return "wide"
    return None


def _stray(column: Column) -> bool:
    """Whether the widths of its keys are not what its mean width says."""
    if column.length > 0 or column.null_share == 1:
        return False
    if column.length == -2 or column.typical is None:  # a name is cut to its length; other types show no lengths
        return column.length == -2 or (column.width or 0) > LONG_OTHER
    return (column.width or 0) > STRAY * column.typical / (1 - (column.null_share or 0)) + ITEM_POINTER


def _longest(column: Column) -> float:
    return column.length if column.length > 0 else column.longest or column.width or 0


def _outside(index: Index) -> bool:
    """Whether a key may be longer than told: a value that the table keeps outside counts as a pointer."""
    able = any(each.length < 0 and each.storage in "xe" for each in index.columns)
    width = sum(each.width or 0 for each in index.columns) + ENTRY_HEADER + ITEM_POINTER
    return able and index.toast / max(index.rows, 1) > OUTSIDE * width


def _kinds(index: Index, nulls: float, *, fewest: bool) -> list[_Kind]:
    """Rows, size of an entry and number of keys, with the fewest bytes that statistics allow or with the most."""
    full_width, mean_width = _widths(index)
    full = ITEM_POINTER + _aligned(ENTRY_HEADER + full_width, index, fewest=fewest)
    kinds = [_Kind(index.rows * (1 - nulls), full, _keys(index, index.rows * (1 - nulls), fewest=fewest))]
    if nulls:
        rest = max(0.0, mean_width - (1 - nulls) * full_width) / nulls
        entry = ITEM_POINTER + _aligned(ENTRY_HEADER + NULL_BITMAP + rest, index, fewest=fewest)
        rows = index.rows * nulls
        one_key = index.shares and (fewest or len(index.columns) == 1)
        kinds.append(_Kind(rows, entry, 1 if one_key else rows))
    return kinds


def _widths(index: Index) -> tuple[float, float]:
    """Bytes of the columns of a row without nulls, laid out with padding, and of the mean row."""
    end = mean = 0.0
    for each in index.columns:
        width = float(each.length) if each.length > 0 else float(each.width or 0)
        if each.length > 0:
            end = ceil(end / _ALIGN[each.alignment]) * _ALIGN[each.alignment]
        end += width
        mean += width * (1 - (each.null_share or 0.0))
    return end, mean


def _aligned(length: float, index: Index, *, fewest: bool) -> float:
    """To eight bytes; lengths that vary need three and a half more in the mean, and whether they vary is not told."""
    same = ceil(length / 8) * 8
    if all(each.length > 0 for each in index.columns):
        return same
    return min(same, length + 3.5) if fewest else max(same, length + 3.5)


def _keys(index: Index, rows: float, *, fewest: bool) -> float:
    """How many different keys these rows have: as the sample says, or as many as it cannot rule out."""
    if index.unique or not index.shares:
        return rows
    told = [(each.distinct or 0.0) if (each.distinct or 0.0) >= 0 else -(each.distinct or 0.0) * index.rows
            for each in index.columns]  # fmt: skip
    if fewest:
        return min(rows, max(told))
    possible = 1.0
    for each, number in zip(index.columns, told, strict=True):
        rare = index.rows * max(0.0, 1 - (each.null_share or 0.0) - each.common_share)
        possible *= max(number, each.common + rare)
    return min(rows, possible)


def _needed(index: Index, kinds: list[_Kind]) -> float:
    """Bytes of an index built anew: leaves filled to the fill factor, and the levels above them."""
    room = index.page - PAGE_HEADER - PAGE_END
    content = sum(_shared(kind, index.page) for kind in kinds)
    entry = max(kind.entry for kind in kinds if kind.rows)
    filled = max(entry, index.page * index.fill_percent / 100 - PAGE_HEADER - PAGE_END - entry / 2)
    level = pages = ceil(content / filled)
    while level > 1:
        level = ceil(level * entry / (room * INNER_FILL))
        pages += level
    return (pages + 1) * index.page


def _shared(kind: _Kind, page: int) -> float:
    """Bytes of entries, of which those of one key hold many rows."""
    if kind.keys >= kind.rows:
        return kind.rows * kind.entry
    in_one = max(1.0, (page * SHARED_ENTRY - kind.entry) / ROW_POINTER)
    together = max(kind.keys, kind.rows / in_one) * kind.entry + (kind.rows - kind.keys) * ROW_POINTER
    return min(together, kind.rows * kind.entry)
