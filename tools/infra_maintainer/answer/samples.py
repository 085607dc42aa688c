"""How many samples a percentile needs."""

import re


def samples_needed(stat: str | None) -> int | None:
    """Samples that a percentile needs to mean something, 20 / (1 - p); None for other statistics."""
    match = re.fullmatch(r"p(\d{2})(\.\d)?", stat or "")
    share = float(f"{match[1]}{match[2] or ''}") / 100 if match else 0.0
    return round(20 / (1 - share)) if 0.5 < share < 1 else None
