"""Scorers register themselves: one file per question in this folder, one function `score` in it.

A gate must hold for an answer to be honest; quality is reported beside it and never mixed in.
"""

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Literal, NamedTuple

from infra_maintainer.answer.model import Answer
from infra_maintainer.answer.run import Run
from infra_maintainer.answer.verification import Verification
from infra_maintainer.evals.case import Case


class Marked(NamedTuple):
    """What a scorer sees: the answer, its verification against what the subject observed, the truth, the calls made."""

    case: Case
    key: Run
    answer: Answer
    checked: Verification
    calls: tuple[str, ...]


class Score(NamedTuple):
    """Whether one question is answered well, and why not."""

    holds: bool
    reason: str = ""


Scorer = Callable[[Marked], Score]
Kind = Literal["gate", "quality"]


class Registered(NamedTuple):
    """A scorer by the name of its file."""

    name: str
    kind: Kind
    asks: str
    score: Scorer


_SCORERS: dict[str, Registered] = {}


def scorer(kind: Kind, asks: str) -> Callable[[Scorer], Scorer]:
    """Register the decorated function as the scorer of its file. Raises ValueError for a second one in a file."""

    def register(score: Scorer) -> Scorer:
        name = score.__module__.rsplit(".", 1)[-1]
        if name in _SCORERS:
            raise ValueError(f"scorer {name!r} is registered twice")
        _SCORERS[name] = Registered(name, kind, asks, score)
        return score

    return register


@cache
def scorers() -> tuple[Registered, ...]:
    """Every scorer, gates first."""
    package = import_module("infra_maintainer.evals.scorers")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return tuple(sorted(_SCORERS.values(), key=lambda each: (each.kind != "gate", each.name)))


def faults_of(marked: Marked, *checks: str) -> Score:
    """Holds when the verification found nothing under these checks."""
    found = [fault.says for fault in marked.checked.faults if fault.check in checks]
    return Score(not found, "; ".join(found[:3]))
