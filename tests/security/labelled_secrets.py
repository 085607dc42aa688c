"""Reads the labelled sets of secrets and innocents."""

from pathlib import Path
from typing import NamedTuple

from infra_maintainer.evidence.secret_shapes import shape_spans
from infra_maintainer.evidence.secrets_found import secret_in_pair, secrets_in_argv


class Labelled(NamedTuple):
    """One line of a set: what a person says it is, the form it has, the text."""

    is_secret: bool
    form: str
    text: str


def read_set(name: str) -> list[Labelled]:
    """Read `name` beside this file; the broken bar that cuts token shapes is removed."""
    lines = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t", 2) for line in lines if line and not line.startswith("# ")]
    return [Labelled(label == "secret", form, text.replace("¦", "")) for label, form, text in rows]


def is_found(row: Labelled) -> bool:
    """Tell whether the rules see a secret in one labelled line."""
    if row.form == "env":
        key, _, value = row.text.partition("=")
        return secret_in_pair(key, value) is not None
    if row.form == "argv":
        return any(True for _ in secrets_in_argv(row.text.split(" ")))
    return any(True for _ in shape_spans(row.text))
