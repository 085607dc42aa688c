"""Who can pass a second factor in Microsoft Entra: the answer of Graph's report userRegistrationDetails (v1.0).

The report says what is registered and allowed (`isMfaCapable`), never whether a sign-in has to use it: Conditional
Access or security defaults decide that. So no is certain, and yes stays open.
"""

import json
from typing import Any, NamedTuple

HOW = "GET https://graph.microsoft.com/v1.0/reports/authenticationMethods/userRegistrationDetails, all pages in `value`"


class Person(NamedTuple):
    """One user; None is what the report leaves out."""

    name: str
    capable: bool | None
    is_admin: bool | None


class Registrations(NamedTuple):
    """All users of the file; `more` when the answer continues on a page that is not in it."""

    people: tuple[Person, ...]
    more: bool


def parse_registrations(text: str) -> Registrations:
    """Read the answer of Graph, or its bare list. Raises ValueError for anything else."""
    raw: Any = json.loads(text)
    rows: Any = raw.get("value") if isinstance(raw, dict) else raw
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "isMfaCapable" in row for row in rows):
        raise ValueError("no list of users with isMfaCapable")
    people: list[Person] = []
    for row in rows:
        name = str(row.get("userPrincipalName") or row.get("id") or "a user without a name")
        people.append(Person(name, _told(row["isMfaCapable"]), _told(row.get("isAdmin"))))
    return Registrations(tuple(people), isinstance(raw, dict) and bool(raw.get("@odata.nextLink")))


def _told(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
