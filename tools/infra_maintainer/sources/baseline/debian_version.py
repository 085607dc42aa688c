"""The order of Debian versions, as deb-version(7) defines it."""

import re
from functools import total_ordering


@total_ordering
class DebianVersion:
    """A version `[epoch:]upstream[-revision]` that compares as dpkg compares it."""

    __slots__ = ("_key", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        epoch, colon, rest = text.partition(":")
        upstream, _, revision = (rest if colon else text).rpartition("-")
        if not upstream:
            upstream, revision = revision, ""
        self._key = (int(epoch) if colon and epoch.isdigit() else 0, _parts(upstream), _parts(revision))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DebianVersion) and self._key == other._key

    def __lt__(self, other: "DebianVersion") -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"DebianVersion({self.text!r})"


def without_rebuild(version: str) -> str:
    """Drop the `+bN` of a binary-only rebuild, which the source's changelog does not have."""
    return re.sub(r"\+b\d+$", "", version)


def _parts(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Alternate non-digits and digits. Within non-digits ~ sorts before the end, the end before letters, letters before
    the rest; the end is written as 0, so each run is closed with it."""
    runs = re.findall(r"([^0-9]*)([0-9]*)", text)
    return tuple((tuple(map(_order, letters)) + (0,), int(digits or 0)) for letters, digits in runs)


def _order(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
