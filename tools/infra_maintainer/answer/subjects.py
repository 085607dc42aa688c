"""Subjects as people write them: "web-1" for "host:web-1"."""

import re


def names(subject: str) -> frozenset[str]:
    """The ways a subject may be written: whole, without its kind, and a URL's host and path, lower case."""
    whole = subject.lower()
    kind, colon, rest = whole.partition(":")
    found = {whole, rest if colon and not rest.startswith("//") else whole}
    url = re.search(r"https?://([^/\s]+)(/\S*)?", whole)
    if url:
        found |= {
            url[0],
            url[1],
            url[1].partition(":")[0],
            *([url[2], url[2].rstrip("/")] if (url[2] or "/") != "/" else []),
        }
    if kind in ("disk", "filesystem", "mount") and rest.startswith("/"):
        found.add(rest)
    return frozenset(name for name in found if len(name) > 1 or name == "/")


def same(left: str, right: str) -> bool:
    """True if two subjects are the same thing: equal, or one is the other's name without its kind."""
    one, other = left.strip().lower(), right.strip().lower()
    if one == other:
        return True
    if ":" in one and ":" in other and "//" not in (one + other):
        return False
    return one in names(other) or other in names(one)


def same_quantity(left: str, right: str) -> bool:
    """True if two quantity names agree; "cpu.*" stands for the family, case and separators do not matter."""
    one, other = (re.sub(r"[\s_-]+", "_", name.strip().lower()) for name in (left, right))
    if one == other:
        return True
    return one.endswith(".*") and other.startswith(one[:-1]) or other.endswith(".*") and one.startswith(other[:-1])
