"""How many samples a percentile needs."""

from infra_maintainer.evidence.statistics import SHARES
from infra_maintainer.evidence.statistics import samples_needed as needed_for


def samples_needed(stat: str | None) -> int | None:
    """Samples that make this percentile worth its name, 20 / (1 - p); None for other statistics."""
    share = SHARES.get(stat or "")
    return None if share is None else needed_for(share)
