"""The full record behind evidence ids: explain_evidence over MCP, `infra-maintainer evidence` in a shell."""

import re
from pathlib import Path

from pydantic import Field, ValidationError

from infra_maintainer.assess.model import AnyEvidence
from infra_maintainer.evidence.model import Frozen
from infra_maintainer.evidence.store import Store, StoreError
from infra_maintainer.tools.kit import Kit

ID = r"^ev_[0-9a-f]{10}$"
_NAMED, _RUNS = 5, 3


class Explained(Frozen):
    """Records by id, in the order asked, and the ids of which nothing is kept."""

    records: list[AnyEvidence]
    not_found: list[str] = Field(default=[], description="ids that this store does not hold")


def explain(kit: Kit, ids: list[str]) -> Explained:
    """Look ids up in the store. Raises ValueError for what is no id, StoreError for a store that cannot be read."""
    for each in ids:
        if not re.fullmatch(ID, each):
            raise ValueError(
                f"{each[:80]!r} is no evidence id: they are ev_ and ten hexadecimal digits, such as ev_7f3a9c01bd, "
                "and stand in brackets behind each number of a report"
            )
    store = _store(kit)
    found = {} if _is_absent(store.path) else _records(store, ids)
    wanted = list(dict.fromkeys(ids))
    return Explained(
        records=[found[id] for id in wanted if id in found], not_found=[id for id in wanted if id not in found]
    )


def not_kept(kit: Kit, ids: list[str]) -> str:
    """What to do about ids of which nothing is kept: the runs of this store, and where else they may be. As explain."""
    store = _store(kit)
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    said = f"nothing is kept under {', '.join(ids[:_NAMED])}{more}"
    runs = [] if _is_absent(store.path) else store.reports(limit=_RUNS)
    if not runs:
        return f"{said}: the store {store.path} holds no run yet; run a job first, or name the report's store (--store)"
    named = ", ".join(f"{row['run']} ({row['job']}, {_minute(str(row['as_of']))})" for row in runs)
    return (
        f"{said} in the store {store.path}, whose newest runs are {named}: take an id from one of their reports, "
        "or name the report's own store with --store (a run with --no-store keeps nothing)"
    )


def _store(kit: Kit) -> Store:
    if kit.store is None:
        raise StoreError("nothing is kept in this run (--no-store), so there is nothing to explain")
    return kit.store


def _records(store: Store, ids: list[str]) -> dict[str, AnyEvidence]:
    try:
        return store.explain(ids)
    except ValueError as error:
        said = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error)
        raise StoreError(f"{said.removeprefix('Value error, ')} (store {store.path}): run the job again") from error


def _is_absent(path: Path) -> bool:
    """Whether there is no file: to look an id up must not make one."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # opening it will say why
    return False


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')}Z"
