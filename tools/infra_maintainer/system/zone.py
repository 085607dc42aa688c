"""`timezone`: the wall clock that the users of the system live by."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def known_zone(name: str) -> str:
    """Raise ValueError for a name that the time zone database does not have."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone; write it as Europe/Berlin") from error
    return name


Timezone = Annotated[str, AfterValidator(known_zone)]
