"""The audit log: each tool call with its redacted arguments and outcome, chained by hash so that a change shows."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from infra_maintainer.evidence.redact import redact
from infra_maintainer.evidence.store import Store

START = "0" * 64


def append(store: Store, tool: str, arguments: dict[str, Any], outcome: str) -> None:
    """Add one entry. Raises StoreError."""
    said = redact(json.dumps(arguments, sort_keys=True, ensure_ascii=False, default=str))[:2000]
    with store.writing() as db:  # two processes must not both continue from the same entry
        last = db.execute("select seq, hash from audit order by seq desc limit 1").fetchone() or (0, START)
        entry = {
            "seq": last[0] + 1,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "tool": redact(tool)[:80],
            "arguments": said,
            "outcome": outcome,
            "previous": last[1],
        }
        columns = ", ".join([*entry, "hash"])
        values = [*entry.values(), chained(entry)]
        db.execute(f"insert into audit ({columns}) values ({', '.join('?' * len(values))})", values)


def chained(entry: dict[str, Any]) -> str:
    """The hash of an entry over its content and its predecessor's hash."""
    content = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def broken_at(store: Store) -> int | None:
    """The number of the first entry that was changed or whose predecessor is gone; None when the chain holds.

    Raises StoreError.
    """
    with store.open() as db:
        previous, expected = START, 1
        for entry in db.query("select * from audit order by seq"):
            if entry["seq"] != expected or entry["previous"] != previous or entry["hash"] != chained(entry):
                return int(entry["seq"])
            previous, expected = entry["hash"], expected + 1
    return None
