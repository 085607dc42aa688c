"""How much of a table is neither rows nor the room they need: an estimate from the planner's statistics."""

from math import ceil, floor

PAGE_HEADER, ITEM_POINTER, ROW_HEADER = 24, 4, 23
STALE = 0.2
NOT_ESTIMATED = "nor can it be estimated: pg_stats shows the widths of readable columns only, after a fresh ANALYZE"


def estimated_bloat(
    size: int,
    rows: float,
    changed: int | None,
    width: float | None,
    nulls: bool | None,
    described: int | None,
    columns: int,
    fill_percent: int,
    page: int,
) -> float | None:
    """Per cent of the table's pages that its rows, packed as a new table would have them, would not need.

    Rows are counted with their header, null bitmap, alignment to eight bytes and item pointer; padding between columns
    is not known, so the answer is a little too high. None when the statistics are absent, partly hidden or stale.
    """
    if width is None or described != columns or rows < 0 or changed is None or changed > STALE * max(rows, 1):
        return None
    header = ROW_HEADER + (ceil(columns / 8) if nulls else 0)
    row = ITEM_POINTER + _aligned(header) + _aligned(width)
    per_page = max(1, floor((page - PAGE_HEADER) * fill_percent / 100 / row))
    needed = ceil(rows / per_page) * page
    return max(0.0, (1 - needed / size) * 100)


def _aligned(length: float) -> int:
    return ceil(length / 8) * 8
