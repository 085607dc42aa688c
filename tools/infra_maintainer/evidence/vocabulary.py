"""The closed list of quantities: one name, one unit, one sentence each (vocabulary.toml beside this file)."""

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple


class Quantity(NamedTuple):
    """A thing that can be measured: its unit, and what it means in one sentence."""

    name: str
    unit: str
    says: str


@cache
def vocabulary() -> dict[str, Quantity]:
    """Every quantity by its dotted name."""
    text = resources.files("infra_maintainer.evidence").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    return {name: Quantity(name, entry["unit"], entry["says"]) for name, entry in tomllib.loads(text).items()}


def unit_of(quantity: str) -> str:
    """The unit of a quantity. Raises ValueError for a name that is not in the vocabulary."""
    known = vocabulary().get(quantity)
    if known is None:
        raise ValueError(f"quantity {quantity!r} is not in evidence/vocabulary.toml; define it there first")
    return known.unit


def meaning_of(quantity: str) -> str:
    """What a quantity means, as the end of a sentence: without a capital at its beginning or a stop at its end."""
    says = vocabulary()[quantity].says.rstrip(".")
    return says if says[1:2].isupper() else says[0].lower() + says[1:]
