"""What pgBackRest prints: backups and archive of a stanza, and the verdict of verify (format of 2.45)."""

import json
import re
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError, in_order

Verdict = Literal["sound", "damaged", "unreadable", "unclear"]


class Stanza(BaseModel):
    """One stanza: its listing, its status in pgBackRest's words, and the newest write-ahead log segment kept."""

    model_config = ConfigDict(frozen=True)

    name: str
    listing: Listing
    status_code: int
    status: str
    archive_newest: str | None


def parse_info(text: str, stanza: str) -> Stanza:
    """`pgbackrest info --output=json`. Raises ListingError when it is not that or the stanza is not in it."""
    try:
        found = [row for row in json.loads(text) if row["name"] == stanza]
        if not found:
            raise ListingError(f"stanza {stanza!r} is not in the repository")
        row = found[0]
        copies = [
            Copy(
                id=backup["label"],
                taken_at=datetime.fromtimestamp(backup["timestamp"]["stop"], UTC),
                size_bytes=backup["info"]["size"],
                partial=bool(backup.get("error")),
            )
            for backup in row["backup"]
        ]
        segments = [archive["max"] for archive in row.get("archive", []) if archive.get("max")]
        return Stanza(
            name=stanza,
            listing=Listing(copies=in_order(copies), encryption=row.get("cipher")),
            status_code=row["status"]["code"],
            status=row["status"]["message"],
            archive_newest=segments[-1] if segments else None,
        )
    except ListingError:
        raise
    except (ValueError, KeyError, TypeError) as odd:
        raise ListingError("pgbackrest info --output=json printed something else") from odd


def verify_verdict(out: str, err: str) -> Verdict:
    """What `pgbackrest verify --output=text` found: its exit code is 0 also for a damaged repository."""
    status = re.search(r"(?m)^\s*status:\s*(\w+)", out)
    if status is None:
        return "unreadable" if re.search(r"(?i)unable to|missing|ERROR", err + out) else "unclear"
    if status.group(1) != "ok":
        return "damaged"
    counts = [
        int(count)
        for count in re.findall(r"total valid files:\s*(\d+)|total files checked:\s*(\d+)", out)
        for count in count
        if count
    ]
    return "sound" if counts and all(counts) else "unclear"
