"""What dnf prints about security advisories: the documented table and, from 5.2 on, JSON."""

import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple


class Advisory(NamedTuple):
    """One advisory that is not installed: its name, the package it updates, the day it was issued."""

    name: str
    package: str
    issued: datetime | None


def parse_advisories(text: str) -> list[Advisory]:
    """Read `dnf5 advisory list --security`, as JSON when it is JSON, else by the columns of its heading.

    Raise ValueError for JSON of another kind. Columns: Name, Type, Severity, Package, Issued; without an Issued column
    the dates are None.
    """
    if text.lstrip().startswith("["):
        try:
            return [_from_json(row) for row in json.loads(text)]
        except (AttributeError, TypeError, OverflowError) as error:
            raise ValueError(f"not the advisories of dnf: {error}") from error
    lines = text.splitlines()
    heading = next((n for n, line in enumerate(lines) if line.startswith("Name") and "Package" in line), None)
    if heading is None:
        return []
    start = lines[heading].find("Issued")
    found: list[Advisory] = []
    for line in lines[heading + 1 :]:
        columns = line.split()
        if len(columns) >= 4:
            issued = _issued(line[start:]) if start > 0 else None
            found.append(Advisory(columns[0], columns[3], issued or _issued(" ".join(columns[4:]))))
    return found


def _from_json(row: dict[str, Any]) -> Advisory:
    issued = row.get("buildtime", row.get("issued"))
    when = datetime.fromtimestamp(issued, UTC) if isinstance(issued, int) else _issued(str(issued))
    return Advisory(str(row.get("name")), str(row.get("nevra", row.get("package"))), when)


def _issued(text: str) -> datetime | None:
    match = re.search(r"(\d{4})-(\d\d)-(\d\d)", text)
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC) if match else None
    except ValueError:
        return None
