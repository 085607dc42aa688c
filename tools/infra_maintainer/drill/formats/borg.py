"""What borg prints: archives, encryption, and the verdict of a check (formats of 1.2 to 1.4)."""

import json
import re
from typing import Literal

from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError, in_order, utc

Verdict = Literal["sound", "damaged", "unreadable", "unclear"]


def parse_list(text: str) -> Listing:
    """`borg list --json --consider-checkpoints`, run with TZ=UTC. Raises ListingError when it is not that."""
    try:
        document = json.loads(text)
        copies = [
            Copy(id=row["name"], taken_at=utc(row["time"]), partial=".checkpoint" in row["name"])
            for row in document["archives"]
        ]
        mode = str(document["encryption"]["mode"])
    except (ValueError, KeyError, TypeError) as odd:
        raise ListingError("borg list --json printed something else") from odd
    return Listing(copies=in_order(copies), encryption=mode)


def parse_archive_size(text: str) -> int:
    """Sum of sizes in `borg list --json-lines ARCHIVE`, in bytes. Raises ListingError."""
    try:
        return sum(int(json.loads(line).get("size", 0)) for line in text.splitlines() if line.strip())
    except (ValueError, TypeError, AttributeError) as odd:
        raise ListingError("borg list --json-lines printed something else") from odd


def check_verdict(out: str, err: str) -> Verdict:
    """What `borg check -v` found, from its words (it writes them to standard error)."""
    text = out + err
    if re.search(r"(?i)passphrase .*incorrect|does not exist|not a valid repository|key file .* not found", text):
        return "unreadable"
    if _damage(text):
        return "damaged"
    return "sound" if re.search(r"(?i)no problems found", text) else "unclear"


def _damage(text: str) -> bool:
    found = re.search(r"(?i)integrity error(?!s)|integrity check failed|mismatch|missing.*chunk|errors? found", text)
    counted = re.search(r"with (\d+) integrity errors", text)
    return bool(found) or bool(counted and counted.group(1) != "0")
