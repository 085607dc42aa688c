"""Sources register themselves: one file in this folder, one function `collect` in it, no list anywhere else."""

import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from importlib.abc import InspectLoader
from typing import Literal, NamedTuple

from infra_maintainer.evidence.model import Declared, Derived, Measured, Missing
from infra_maintainer.evidence.vocabulary import unit_of
from infra_maintainer.sources.survey import Survey

Job = Literal["health", "capacity", "costs", "security", "recovery"]
AnyEvidence = Measured | Derived | Declared | Missing
Collect = Callable[[Survey], Iterable[AnyEvidence]]


class Source(NamedTuple):
    """A registered source and what it owes.

    `quantities` are owed on every run: what is not delivered becomes Missing. `also` may come or not. `subjects` lists
    what the declared system holds for this source; with it, each quantity is owed per subject. Without any subject the
    source is skipped, or, when `configure` says how to give it one, its quantities are Missing(not_configured).
    `disturbs` is for work that takes whole cores: others must not measure it as the load of the machine.
    """

    name: str
    title: str
    jobs: tuple[Job, ...]
    quantities: tuple[str, ...]
    also: tuple[str, ...]
    collect: Collect
    subjects: Callable[[Survey], list[str]] | None
    configure: str | None
    disturbs: bool = False


_PACKAGE = "infra_maintainer.sources"
_SOURCES: dict[str, Source] = {}


def source(
    *,
    title: str,
    jobs: tuple[Job, ...],
    quantities: tuple[str, ...],
    also: tuple[str, ...] = (),
    subjects: Callable[[Survey], list[str]] | None = None,
    configure: str | None = None,
    disturbs: bool = False,
) -> Callable[[Collect], Collect]:
    """Register the decorated function as the source of its file.

    The names in `jobs` are written out: a job imports only the files that name it. Raises ValueError for an unknown
    quantity or a second source of the same file: both are mistakes of ours.
    """

    def register(collect: Collect) -> Collect:
        name = collect.__module__.rsplit(".", 1)[-1]
        if name in _SOURCES:
            raise ValueError(f"source {name!r} is registered twice; one file holds one source")
        for quantity in (*quantities, *also):
            unit_of(quantity)
        _SOURCES[name] = Source(name, title, jobs, quantities, also, collect, subjects, configure, disturbs)
        return collect

    return register


@cache
def all_sources() -> tuple[Source, ...]:
    """Every source of this folder, by name."""
    for module in _modules():
        import_module(f"{_PACKAGE}.{module.name}")
    return tuple(_SOURCES[name] for name in sorted(_SOURCES))


@cache
def sources_for(job: Job) -> tuple[Source, ...]:
    """The sources that a job reads. Only files that name the job are imported: all of them cost a tenth of a second."""
    for module in _modules():
        if _may_serve(module, job):
            import_module(f"{_PACKAGE}.{module.name}")
    return tuple(_SOURCES[name] for name in sorted(_SOURCES) if job in _SOURCES[name].jobs)


def _modules() -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(import_module(_PACKAGE).__path__))


def _may_serve(module: pkgutil.ModuleInfo, job: Job) -> bool:
    """Whether the file's text has the job's name in quotes, either kind; True where there is no text to look at."""
    found = module.module_finder.find_spec(module.name, None)
    text = found.loader.get_source(module.name) if found and isinstance(found.loader, InspectLoader) else None
    return text is None or f'"{job}"' in text or f"'{job}'" in text
