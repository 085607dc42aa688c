"""Checks register themselves: one file per check in a folder per job, one pure function `judge` in it."""

import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import NamedTuple

from infra_maintainer.assess.facts import Facts
from infra_maintainer.assess.model import JOBS, Finding, Job, Pass, Unknown
from infra_maintainer.assess.policy import Policy, baseline

Outcome = Finding | Pass | Unknown
Judge = Callable[[Facts, Policy], Iterable[Outcome]]


class Check(NamedTuple):
    """A registered check: what it reads, which rules decide, what it asks in one sentence."""

    name: str
    title: str
    job: Job
    quantities: tuple[str, ...]
    policies: tuple[str, ...]
    judge: Judge


_CHECKS: dict[str, Check] = {}


def check(*, title: str, quantities: tuple[str, ...], policies: tuple[str, ...] = ()) -> Callable[[Judge], Judge]:
    """Register the decorated function as the check of its file; the folder names the job.

    Raises ValueError for an unknown rule or a second check of the same file: both are mistakes of ours.
    """

    def register(judge: Judge) -> Judge:
        job, name = judge.__module__.split(".")[-2:]
        key = f"{job}.{name}"
        if key in _CHECKS:
            raise ValueError(f"check {key!r} is registered twice; one file holds one check")
        unknown = [each for each in policies if each not in baseline()]
        if unknown:
            raise ValueError(f"check {key!r} names rules that baseline.toml does not have: {unknown}")
        _CHECKS[key] = Check(name, title, job, quantities, policies, judge)  # type: ignore[arg-type]  # a folder is a job
        return judge

    return register


@cache
def checks_for(job: Job) -> tuple[Check, ...]:
    """The checks of a job, by name."""
    package = import_module(f"infra_maintainer.assess.{job}")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return tuple(_CHECKS[key] for key in sorted(_CHECKS) if key.startswith(f"{job}."))


@cache
def jobs() -> tuple[Job, ...]:
    """The jobs that have checks: the folders beside this file, users first."""
    package = import_module("infra_maintainer.assess")
    folders = {module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg}
    return tuple(job for job in JOBS if job in folders)
