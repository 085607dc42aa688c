"""Tags and the facts that every AWS resource has: what it is, how it is called, its tags, its age."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from infra_maintainer.cloud.found import Found, Refused

HOLD_TAGS = ("legal-hold", "legal_hold", "hold", "litigation", "forensic")
DAY_S = 86400.0


def tags_of(item: dict[str, Any], key: str = "Tags") -> dict[str, str]:
    """The tags of an API item as a dictionary."""
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in item.get(key) or [] if "Key" in tag}


def any_key(tags: dict[str, str], beginnings: Iterable[str]) -> bool:
    """Whether a tag's key begins with one of these words."""
    starts = tuple(beginnings)
    return any(key.lower().startswith(starts) for key in tags)


def described(
    resource_id: str, kind: str, tags: dict[str, str], region: str, made: datetime | None, now: datetime
) -> Iterator[Found]:
    """Kind, tags, hold, and age where the API tells it."""
    name = f"{tags.get('Name', '')} {resource_id} {region}".strip()
    yield Found(resource_id, "resource.kind", kind, name=name)
    yield Found(resource_id, "resource.tags", len(tags), tags=tags)
    yield Found(resource_id, "resource.guard.hold", any_key(tags, HOLD_TAGS))
    if made is not None:
        aware = made if made.tzinfo else made.replace(tzinfo=UTC)
        yield Found(resource_id, "resource.age", round((now - aware).total_seconds() / DAY_S, 2))


def guarded(resource_id: str, name: str, says: bool | Refused) -> Found:
    """A guard's answer, or the refusal that keeps it unknown."""
    return Found(resource_id, f"resource.guard.{name}", says)
