"""One name per resource, whatever source speaks of it, and the few tags that tell something, small enough to quote."""

import json
import re
from collections.abc import Mapping

from infra_maintainer.estate.guards import NO_WORDS, TAG_KEYS, WORDS

PLAIN = re.compile(r"[^A-Za-z0-9._:/@+=-]")
TELLING = TAG_KEYS | {"keep-until", "keep_until", "owner", "team", "env", "environment", "stage", "spot", "stateless"}
MOST_QUOTED = 230


def subject_of(resource_id: str) -> str:
    """`resource:…` for a provider's id. An ARN and the short id of the same thing give the same subject.

    Characters outside the plain set become `?`: an id is outside text.
    """
    short = re.split(r"[:/]", resource_id)[-1] if resource_id.startswith("arn:") else resource_id
    return "resource:" + PLAIN.sub("?", (short or resource_id).lower())[:160]


def telling_tags(tags: Mapping[str, str]) -> str:
    """The tags that rules read, as JSON short enough to be quoted whole: guards first, then owner and environment."""
    lowered = {str(key).lower()[:40]: str(value)[:60] for key, value in tags.items()}
    chosen = {
        key: value
        for key, value in lowered.items()
        if key in TELLING or WORDS & set(re.split(r"[^a-z0-9]+", value.lower()))
    }
    ordered = sorted(
        chosen.items(), key=lambda item: (item[0] in ("owner", "team", "env", "environment", "stage"), item)
    )
    kept: dict[str, str] = {}
    for key, value in ordered:
        if len(json.dumps(kept | {key: value})) > MOST_QUOTED:
            break
        kept[key] = value
    return json.dumps(kept)


def is_said(value: str) -> bool:
    """Whether a tag's value says something: not empty, not `no`."""
    return value.lower() not in NO_WORDS
