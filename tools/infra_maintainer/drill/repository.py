"""What the drill asks of a backup program, and the registry of those that can answer."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, TypeVar

from infra_maintainer.drill.errors import NotPossible, StepFailed
from infra_maintainer.drill.formats.copies import Copy, Listing
from infra_maintainer.drill.process import SPACE_MESSAGES, Ended, Programs
from infra_maintainer.drill.record import Checked
from infra_maintainer.drill.target import Target


class Repository(ABC):
    """Reads one repository. Nothing here may write to it: not even a lock."""

    physical: ClassVar[bool] = False

    def __init__(self, target: Target, programs: Programs, work: Path) -> None:
        self.target = target
        self.programs = programs
        self.work = work

    @abstractmethod
    def copies(self) -> Listing:
        """All copies. Raises StepFailed("repo-unreadable")."""

    @abstractmethod
    def size(self, copy: Copy) -> int:
        """Bytes that fetching `copy` will write. Raises StepFailed("repo-unreadable")."""

    def check(self) -> Checked:
        """The program's own check of the repository's structure, where it has one that is quick and writes nothing."""
        return Checked(name="repository structure", outcome="not_done", says="the restore itself reads what it needs")

    @abstractmethod
    def fetch(self, copy: Copy, into: Path) -> None:
        """Bring `copy` into the empty folder `into`. Raises StepFailed("restore-failed")."""


_KINDS: dict[str, type[Repository]] = {}


R = TypeVar("R", bound=type[Repository])


def repository(kind: str) -> Callable[[R], R]:
    """Register the class that reads repositories of `kind`."""

    def register(cls: R) -> R:
        if kind in _KINDS:
            raise ValueError(f"{kind!r} is registered twice")
        _KINDS[kind] = cls
        return cls

    return register


def repository_for(target: Target, programs: Programs, work: Path) -> Repository:
    """The reader for the target's kind. Raises NotPossible for one that has none."""
    kinds = importlib.import_module("infra_maintainer.drill.kinds")
    for module in pkgutil.iter_modules(kinds.__path__):
        importlib.import_module(f"{kinds.__name__}.{module.name}")
    if target.kind not in _KINDS:
        raise NotPossible(
            "kind-not-drilled",
            f"backups of kind {target.kind} cannot be drilled yet",
            "restore one by hand and time it",
        )
    return _KINDS[target.kind](target, programs, work)


def required(ended: Ended, code: str) -> Ended:
    """The same, unless the program failed. Raises StepFailed(code), or OSError when our disk is full."""
    if any(message in ended.err for message in SPACE_MESSAGES):
        raise OSError(28, "No space left on device")
    if ended.code != 0:
        raise StepFailed(code, last_words(ended))
    return ended


def last_words(ended: Ended, size: int = 300) -> str:
    """The end of what a program said, on one line. Untrusted text."""
    return " | ".join((ended.err.strip() or ended.out.strip() or f"exit code {ended.code}").splitlines())[-size:]
