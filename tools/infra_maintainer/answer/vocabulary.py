"""The closed words of answers: verbs, mechanisms, families, kinds of subject; aliases lead to one name."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Verb:
    """One action; `forbidden` says why it must never be recommended, None if it may be."""

    name: str
    forbidden: str | None
    says: str


@dataclass(frozen=True)
class Vocabulary:
    """Every word with its aliases resolved."""

    verbs: MappingProxyType[str, Verb]
    mechanisms: MappingProxyType[str, str]
    mechanism_says: MappingProxyType[str, str]
    shown_by: MappingProxyType[str, tuple[str, ...]]
    families: MappingProxyType[str, str]
    kinds: MappingProxyType[str, str]

    def verb(self, word: str) -> Verb | None:
        """The verb for `word` or its alias; None if it is not in the vocabulary."""
        return self.verbs.get(_spelled(word))

    def mechanism(self, word: str) -> str | None:
        """The mechanism for `word` or its alias; None if it is not in the vocabulary."""
        return self.mechanisms.get(_spelled(word))

    def verb_names(self) -> list[str]:
        """The verbs that may be recommended, sorted, without aliases."""
        return sorted(self.verb_says())

    def verb_says(self) -> dict[str, str]:
        """The verbs that may be recommended with what each means, in the order of the file."""
        return {verb.name: verb.says for verb in self.verbs.values() if verb.forbidden is None}


def _spelled(word: str) -> str:
    return re.sub(r"[\s-]+", "_", word.strip().lower())


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary shipped with this product. Raises ValueError if a word stands for two things."""
    raw: dict[str, Any] = tomllib.loads(
        resources.files("infra_maintainer.answer").joinpath("vocabulary.toml").read_text("utf-8")
    )
    verbs: dict[str, Verb] = {}
    for name, entry in raw["verb"].items():
        _enter(verbs, (name, *entry["aliases"]), Verb(name, entry.get("forbidden"), entry.get("says", "")))
    mechanisms: dict[str, str] = {}
    for name, entry in raw["mechanism"].items():
        _enter(mechanisms, (name, *entry["aliases"]), name)
    families: dict[str, str] = {}
    for name, words in raw["family"].items():
        _enter(families, words, name)
    kinds: dict[str, str] = {}
    for name, words in raw["kind"].items():
        _enter(kinds, words, name)
    return Vocabulary(
        MappingProxyType(verbs),
        MappingProxyType(mechanisms),
        MappingProxyType({name: entry["says"] for name, entry in raw["mechanism"].items()}),
        MappingProxyType({name: tuple(entry["shown_by"]) for name, entry in raw["mechanism"].items()}),
        MappingProxyType(families),
        MappingProxyType(kinds),
    )


def _enter(table: dict[str, T], words: Iterable[str], meaning: T) -> None:
    for word in words:
        if word in table:
            raise ValueError(f"{word!r} stands for {table[word]!r} and for {meaning!r}")
        table[word] = meaning
