"""What restic prints: snapshots, and the verdict of a check (formats of 0.14 to 0.18)."""

import json
import re
from typing import Literal

from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError, in_order, utc

Verdict = Literal["sound", "damaged", "unreadable", "unclear"]


def parse_snapshots(text: str) -> Listing:
    """`restic snapshots --json`. Raises ListingError when it is not that."""
    try:
        rows = json.loads(text)
        copies = [
            Copy(
                id=row["id"],
                taken_at=utc(row["time"]),
                size_bytes=row.get("summary", {}).get("total_bytes_processed"),
                content=row["tree"],
            )
            for row in rows or []
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as odd:
        raise ListingError("restic snapshots --json printed something else") from odd
    return Listing(copies=in_order(copies), encryption="restic always encrypts (AES-256, Poly1305)")


def parse_restore_size(text: str) -> int:
    """`restic stats --json --mode restore-size ID`, in bytes. Raises ListingError."""
    try:
        return int(json.loads(text)["total_size"])
    except (ValueError, KeyError, TypeError) as odd:
        raise ListingError("restic stats --json printed something else") from odd


def check_verdict(out: str, err: str) -> Verdict:
    """What `restic check` found, from its words: exit code 0 alone proves nothing, and 0 objects are no pass."""
    summary = re.search(r'"num_errors":\s*(\d+)', out)
    if summary:
        return "sound" if summary.group(1) == "0" else "damaged"
    if _unreadable(out + err):
        return "unreadable"
    if "no errors were found" in out:
        return "unclear" if re.search(r"\b0 / 0 snapshots", out) else "sound"
    if re.search(
        r"(?im)repository contains errors|^error|does not exist|ciphertext verification|hash .*mismatch", out + err
    ):
        return "damaged"
    return "unclear"


def _unreadable(text: str) -> bool:
    words = "wrong password|no key found|resolving password failed|unable to open config file"
    return bool(re.search(rf'(?i){words}|"code":\s*1[0-2]\b', text))
