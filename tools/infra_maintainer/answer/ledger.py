"""The evidence of one run, addressed by pointers: what an answer may cite and nothing else.

An entry is one piece of evidence or one tool result. A pointer is `ID` or `ID#/path`; its end is a value with a unit.

    LookupError
    └── PointerError    the pointer leads nowhere, or to something that was not obtained
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, cast

Value = float | int | bool | str
Origin = Literal["measured", "derived", "declared"]
OK = "ok"
# A pointer as it stands in text: evidence of the store (ev_ and ten digits) or a tool result of a run (ev7#/data/p95).
POINTER = r"\bev(?:_\w+|[0-9]+)\b(?:#/[\w/.~-]*\w)?"


class PointerError(LookupError):
    """A pointer that leads to no obtained value; the message says at which step and what is there."""


@dataclass(frozen=True)
class Field:
    """One citable value: what it is about, in which unit, by which statistic."""

    pointer: str
    value: Value
    unit: str
    quantity: str | None = None
    subject: str | None = None
    stat: str | None = None
    origin: Origin = "measured"
    n: int | None = None
    # Sample counts and windows are facts about the measurement: "P95 of 23,410 requests" is no P95 of 23,410.
    about_measurement: bool = False

    def described(self) -> str:
        """The field in words, for messages: value, unit, statistic, quantity, subject, pointer."""
        value = float(f"{self.value:.4g}") if isinstance(self.value, float) else self.value
        parts = [f"{shown(value)} {self.unit}".removesuffix(" 1"), self.stat, self.quantity]
        of = f"of {self.subject}" if self.subject else None
        return " ".join(part for part in (*parts, of, f"({self.pointer})") if part)


@dataclass(frozen=True)
class Entry:
    """One piece of evidence or one tool result, obtained (`status == "ok"`) or not, with the reason as status."""

    id: str
    status: str = OK
    as_of: str = ""
    data: Mapping[str, object] = field(default_factory=lambda: MappingProxyType[str, object]({}))
    quantity: str | None = None
    subject: str | None = None
    detail: str = ""


def shown(value: Value) -> str:
    """A value for people: thousands grouped, no trailing zeros, text as it is."""
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:,.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


class Ledger:
    """All entries of one run."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._fields: tuple[Field, ...] | None = None

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._entries

    def entries(self) -> Iterator[Entry]:
        """Every entry in the order it was obtained."""
        yield from self._entries.values()

    def failed(self) -> Iterator[Entry]:
        """Entries that were asked for and not obtained."""
        yield from (entry for entry in self._entries.values() if entry.status != OK)

    def fields(self) -> tuple[Field, ...]:
        """Every citable value of the run."""
        if self._fields is None:
            self._fields = tuple(
                found for entry in self._entries.values() if entry.status == OK for found in _leaves(entry, entry.data)
            )
        return self._fields

    def resolve(self, pointer: str) -> Field:
        """The value a pointer leads to.

        Raises PointerError if the entry is not of this run, was not obtained, or has no value with a unit there.
        """
        identifier, _, path = pointer.partition("#")
        entry = self._entries.get(identifier)
        if entry is None:
            raise PointerError(f"{identifier!r} is not evidence of this run")
        if entry.status != OK:
            raise PointerError(f"{identifier!r} was not obtained ({entry.status}), so it supports nothing")
        steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]] if path else []
        node: object = entry.data
        for step in steps:
            node = _step(node, step, pointer)
        found = _field(entry, pointer, node)
        if found is None and not steps:
            found = _field(entry, pointer, _step(node, "value", pointer))
        if found is None:
            raise PointerError(f"{pointer!r} ends at something without a value and a unit")
        return found


def _step(node: object, step: str, pointer: str) -> object:
    if isinstance(node, Mapping):
        mapping = cast("Mapping[str, object]", node)
        if step in mapping:
            return mapping[step]
        raise PointerError(f"{pointer!r}: no {step!r} there, only {', '.join(sorted(mapping)) or 'nothing'}")
    if isinstance(node, Sequence) and not isinstance(node, str) and step.isdecimal():
        items = cast("Sequence[object]", node)
        if int(step) < len(items):
            return items[int(step)]
    raise PointerError(f"{pointer!r}: no {step!r} there")


def _field(entry: Entry, pointer: str, node: object) -> Field | None:
    if not isinstance(node, Mapping):
        return None
    leaf = cast("Mapping[str, object]", node)
    value, unit = leaf.get("value"), leaf.get("unit")
    if not isinstance(value, int | float | str) or not isinstance(unit, str):
        return None
    origin, n = leaf.get("origin"), leaf.get("n")
    return Field(
        pointer=pointer,
        value=value,
        unit=unit,
        quantity=_text(leaf.get("quantity")) or entry.quantity,
        subject=_text(leaf.get("subject")) or entry.subject,
        stat=_text(leaf.get("stat")),
        origin=origin if origin in ("measured", "derived", "declared") else "measured",
        n=n if isinstance(n, int) else None,
        about_measurement=leaf.get("about_measurement") is True,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _leaves(entry: Entry, node: object, path: str = "") -> Iterator[Field]:
    found = _field(entry, f"{entry.id}#{path}" if path else entry.id, node)
    if found is not None:
        yield found
        return
    if isinstance(node, Mapping):
        for key, child in cast("Mapping[str, object]", node).items():
            yield from _leaves(entry, child, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for index, child in enumerate(cast("Sequence[object]", node)):
            yield from _leaves(entry, child, f"{path}/{index}")
