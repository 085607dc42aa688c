"""What barman prints: backups of a server (JSON of 3.4)."""

import json
from datetime import UTC, datetime

from infra_maintainer.drill.formats.copies import Copy, Listing, ListingError, in_order


def parse_backups(text: str, server: str) -> Listing:
    """`barman -f json list-backup SERVER`, run with TZ=UTC. A backup without an end has no time and is left out.

    Raises ListingError when it is not that or the server is not in it.
    """
    try:
        rows = json.loads(text)[server]
        copies = [
            Copy(
                id=row["backup_id"],
                taken_at=datetime.fromtimestamp(int(row["end_time_timestamp"]), UTC),
                size_bytes=int(row["size_bytes"]),
                partial=row["status"] != "DONE",
            )
            for row in rows
            if "end_time_timestamp" in row
        ]
    except (ValueError, KeyError, TypeError) as odd:
        raise ListingError("barman -f json list-backup printed something else") from odd
    return Listing(copies=in_order(copies), encryption="none: barman does not encrypt what it keeps")
