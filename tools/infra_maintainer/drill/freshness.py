"""What a listing proves about time and size: age, gaps, what was held, whether anything changed at all."""

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from infra_maintainer.drill.formats.copies import Copy, Listing

WINDOW = timedelta(days=30)
CLOCK_SLACK = timedelta(minutes=2)
SIZES = 7  # the newest copy is compared with the median of so many before it
FEWEST_SIZES = 3


class Freshness(NamedTuple):
    """All times in seconds. None where the listing cannot tell. `frozen` counts the newest copies of one content."""

    age: float | None
    widest_gap: float | None
    observed_rpo: float | None
    held: float | None
    whole: int
    partial: int
    future: int
    size: int | None
    size_share: float | None
    frozen: int | None


def freshness(listing: Listing, now: datetime) -> Freshness:
    """Copies that claim to come from the future count as none: their age is not known, and never good."""
    future = [copy for copy in listing.copies if copy.taken_at > now + CLOCK_SLACK]
    whole = [copy for copy in listing.copies if not copy.partial and copy not in future]
    recent = [copy for copy in whole if copy.taken_at >= now - WINDOW]
    age = max(0.0, (now - whole[-1].taken_at).total_seconds()) if whole else None
    gaps = [(later.taken_at - earlier.taken_at).total_seconds() for earlier, later in pairwise(recent)]
    return Freshness(
        age=age,
        widest_gap=max(gaps) if gaps else None,
        observed_rpo=None if age is None else max([*gaps, age]),
        held=(now - whole[0].taken_at).total_seconds() if whole else None,
        whole=len(whole),
        partial=sum(copy.partial for copy in listing.copies),
        future=len(future),
        size=whole[-1].size_bytes if whole else None,
        size_share=_share(whole),
        frozen=_frozen(whole),
    )


def _share(whole: list[Copy]) -> float | None:
    """Size of the newest copy as a share of the median before it, in per cent."""
    before = [copy.size_bytes for copy in whole[-SIZES - 1 : -1] if copy.size_bytes is not None]
    if not whole or whole[-1].size_bytes is None or len(before) < FEWEST_SIZES or not median(before):
        return None
    return whole[-1].size_bytes / median(before) * 100


def _frozen(whole: list[Copy]) -> int | None:
    if not whole or whole[-1].content is None:
        return None
    same = 0
    for copy in reversed(whole):
        if copy.content != whole[-1].content:
            break
        same += 1
    return same
